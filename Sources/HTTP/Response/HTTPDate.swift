/// `Date` values in the form of RFC 9110 section 5.6.7, made once a second: `Sun, 06 Nov 1994 08:49:37 GMT`.
struct HTTPDate {
    private var second = Int.min
    private(set) var bytes: [UInt8] = []

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Brings the value to a time in seconds since 1970.
    mutating func update(_ seconds: Int) {
        guard seconds != second else { return }
        second = seconds
        bytes = Array(Self.text(seconds).utf8)
    }

    static func text(_ seconds: Int) -> String {
        let days = seconds / 86_400
        let (year, month, day) = civil(days)
        let clock = seconds % 86_400
        return "\(Self.days[days % 7]), \(two(day)) \(months[month - 1]) \(year) "
            + "\(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60)) GMT"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Days since 1970 to a date of the Gregorian calendar, by eras of 400 years that begin in March.
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
