/// What a template's code computes.
indirect enum TemplateExpression: Sendable {
    case literal(TemplateValue)
    case name(String)
    case list([TemplateExpression])
    case dictionary([(TemplateExpression, TemplateExpression)])
    /// `object.name`
    case attribute(TemplateExpression, String)
    /// `object[index]`
    case item(TemplateExpression, TemplateExpression)
    /// `object[from:to:step]`
    case slice(TemplateExpression, TemplateExpression?, TemplateExpression?, TemplateExpression?)
    case call(TemplateExpression, TemplateArguments)
    case filter(TemplateExpression, String, TemplateArguments)
    case test(TemplateExpression, String, [TemplateExpression])
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case binary(String, TemplateExpression, TemplateExpression)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    /// `a < b <= c`
    case comparison(TemplateExpression, [(String, TemplateExpression)])
    /// `value if condition else other`
    case choice(TemplateExpression, TemplateExpression, TemplateExpression?)
}

/// What a function or filter is given.
struct TemplateArguments: Sendable {
    var values: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
}

/// What a template does.
indirect enum TemplateNode: Sendable {
    case text(String)
    case output(TemplateExpression)
    case condition([(TemplateExpression, [TemplateNode])], otherwise: [TemplateNode])
    case loop(TemplateLoop)
    case set([String], TemplateExpression)
    /// `set object.name = value`
    case setMember(String, String, TemplateExpression)
    /// What the nodes write becomes a value.
    case setText(String, [TemplateNode])
    case stop
    case next
}

/// `for names in values if condition`
struct TemplateLoop: Sendable {
    let names: [String]
    let values: TemplateExpression
    let condition: TemplateExpression?
    let body: [TemplateNode]
    let otherwise: [TemplateNode]
}
