import Foundation
import JSON
import Testing

@testable import Tokenizer

/// Chat templates of published models against what transformers makes of them; see Tests/Fixtures/chat/make_chat.py.
@Suite struct `A chat template` {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/chat")

    private func value(_ json: JSONValue) -> TemplateValue {
        switch json {
        case .null: .none
        case .boolean(let value): .boolean(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .decimal(let value): .number(value.nearest)
        case .string(let value): .string(value)
        case .array(let values): .list(values.map(value))
        case .object(let members): .dictionary(zip(members.keys, members.values).map { (key: $0, value: value($1)) })
        }
    }

    @Test func `writes what transformers writes, and refuses what it refuses`() throws {
        let cases = try JSONCursor(JSONValue(contentsOf: Self.folder.appending(path: "cases.json").path)).elements()
        for entry in cases {
            let name = try entry.member("name").string()
            guard case .dictionary(let members) = value(try entry.member("names").value) else { continue }
            let names = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
            let template = try ChatTemplate(entry.member("template").string())
            if try entry.member("text").isNull {
                #expect(throws: ChatTemplateError.self, "\(name)") { try template.text(names) }
            } else {
                let wanted = try entry.member("text").string()
                #expect(try template.text(names) == wanted, "\(name)")
            }
        }
        #expect(cases.count > 80)
    }

    @Test(
        arguments: [
            "{% macro f() %}{% endmacro %}", "{% include 'x' %}", "{% if x %}", "{% endif %}", "{{ x", "{{ }}",
            "{{ 2 ** 3 }}",
            "{% for x %}{% endfor %}", "{# x", "{{ 'x }}", "{{ a b }}", "{% set %}", "{{ x ; y }}", "{{ [1 }}",
            "{{ " + String(repeating: "(", count: 100_000),
            "{{ " + String(repeating: "not ", count: 100_000) + "x }}",
            "{{ x" + String(repeating: ".y", count: 100_000) + " }}",
            "{{ x" + String(repeating: " + x", count: 100_000) + " }}",
            String(repeating: "{% if x %}", count: 10_000), String(repeating: "{{ '", count: 10_000),
        ])
    func `that is not understood is refused when it is read`(_ source: String) {
        #expect(throws: ChatTemplateError.self) { try ChatTemplate(source) }
    }

    @Test(
        arguments: [
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "{% set n = namespace(x='xxxxxxxxxxxxxxxx') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
            "{{ 'x' * 99999999999 }}", "{{ ('x' * 9999999).replace('x', 'yyyyyyyyyyyyyyyyyyyy') }}",
            "{% for i in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
            "{% set t = 'a' * 9999999 %}{% for i in range(99) %}{{ 'ab' in t }}{% endfor %}",
            "{{ ('a' * 4000000 + 'b') in ('a' * 8000000) }}", "{{ range(9999999999) | length }}",
            "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
            "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x == n.x }}",
            "{% set n = namespace(x=[1]) %}{% for i in range(99999) %}{% set n.x = [n.x] %}{% endfor %}",
            "{% set n = namespace(x=[1]) %}{% for i in range(99999) %}{% set n.x = {'a': n.x}.items() %}{% endfor %}",
            "{% for i in range(99999) %}{% set n = namespace() %}{% endfor %}",
        ])
    func `of a stranger does a bounded amount of work`(_ source: String) throws {
        let template = try ChatTemplate(source)
        #expect(throws: ChatTemplateError.self) { try template.text([:]) }
    }

    @Test func `says in a sentence what it refuses and what it lacks`() throws {
        let refusing = try ChatTemplate("{{ raise_exception('One picture only.') }}")
        #expect(throws: ChatTemplateError.refused("One picture only.")) { try refusing.text(of: []) }
        #expect(throws: ChatTemplateError.unsupported("the statement \"macro\"", line: 2)) {
            try ChatTemplate("a\n{% macro f() %}")
        }
        let lacking = try ChatTemplate("{{ messages | tojson }}")
        #expect(throws: ChatTemplateError.self) { try lacking.text(of: []) }
    }
}
