/// How a terminal can be told to show a picture.
public enum PictureProtocol: String, Sendable, CaseIterable {
    /// The graphics protocol of kitty, a PNG file in base64: https://sw.kovidgoyal.net/kitty/graphics-protocol/
    case kitty
    /// DEC's sixel graphics, as the VT340 had them.
    case sixel

    /// What the environment says of the terminal; nil where it does not say, so that the terminal has to be asked. Inside tmux
    /// and screen the variables are those of the terminal outside, which sees only what they pass on.
    public init?(environment: [String: String]) {
        guard !Self.isMultiplexed(environment) else { return nil }
        let program = environment["TERM_PROGRAM"] ?? ""
        guard
            environment["TERM"] == "xterm-kitty" || environment["KITTY_WINDOW_ID"] != nil
                || ["ghostty", "WezTerm"].contains(program)
        else { return nil }
        self = .kitty
    }

    private static func isMultiplexed(_ environment: [String: String]) -> Bool {
        let term = environment["TERM"] ?? ""
        return environment["TMUX"] != nil || term.hasPrefix("screen") || term.hasPrefix("tmux")
    }

    /// What is sent to a terminal to learn what it can show: a picture of one pixel that kitty's protocol only looks at, then
    /// the question for its attributes (DA1), which every terminal answers.
    public static let question = Array("\u{1B}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\u{1B}\\\u{1B}[c".utf8)

    /// Whether the answer to ``question`` is complete: the attributes have come.
    public static func isComplete(_ answer: [UInt8]) -> Bool { attributes(in: answer) != nil }

    /// What the answer to ``question`` says; nil for a terminal without pictures.
    public init?(answer: [UInt8]) {
        if String(decoding: answer, as: UTF8.self).contains("\u{1B}_Gi=31;OK") {
            self = .kitty
        } else if Self.attributes(in: answer)?.contains("4") == true {
            self = .sixel
        } else {
            return nil
        }
    }

    /// The attributes in `ESC [ ? 6 2 ; 4 c`.
    private static func attributes(in answer: [UInt8]) -> [Substring]? {
        let text = String(decoding: answer, as: UTF8.self)
        return text.firstMatch(of: /\u{1B}\[\?([0-9;]*)c/)?.output.1.split(separator: ";")
    }
}
