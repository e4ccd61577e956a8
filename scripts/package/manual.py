#!/usr/bin/env python3
"""Writes a man page for each command of the program: manual.py BINARY FOLDER

They are made of the declarations that --help shows, as --experimental-dump-help prints them, and are dated by
SOURCE_DATE_EPOCH where that is set.
"""

import datetime
import json
import os
import subprocess
import sys

SECTION = 1
# More than these are told below alone.
MOST_IN_SYNOPSIS = 15


def escaped(text):
    """Text as roff shows it."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def paragraphs(text):
    """Lines of roff: paragraphs of one line, and as they stand those of several, which are examples."""
    lines = []
    for paragraph in text.split("\n\n"):
        paragraph = paragraph.strip("\n")
        is_literal = "\n" in paragraph or paragraph.startswith(" ")
        lines += [".PP", ".nf", escaped(paragraph), ".fi"] if is_literal else [".PP", escaped(paragraph)]
    return lines


def spelling(argument):
    """How an argument is written: `--model <folder>`."""
    value = argument.get("valueName") or "value"
    if argument["kind"] == "positional":
        return f"<{value}>" + (" ..." if argument["isRepeating"] else "")
    names = ", ".join(("--" if name["kind"] == "long" else "-") + name["name"] for name in argument["names"])
    return names if argument["kind"] == "flag" else f"{names} <{value}>"


def option(argument):
    text = " ".join(filter(None, [argument.get("abstract"), argument.get("discussion")]))
    default = argument.get("defaultValue")
    if default is not None and default not in ("", "false"):
        text += f" (default: {default})"
    choices = argument.get("allValues")
    if choices and not all(choice in text for choice in choices):
        text += f" (values: {', '.join(choices)})"
    return [".TP", f"\\fB{escaped(spelling(argument))}\\fR", escaped(text.strip()) or "\\&"]


def page(command, path, version, date, children):
    name = "-".join(path)
    arguments = [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]
    lines = [
        f'.TH "{name.upper()}" "{SECTION}" "{date}" "sensorium {version}" "User Commands"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(command.get('abstract', '').rstrip('.'))}",
        ".SH SYNOPSIS",
        f"\\fB{escaped(' '.join(path))}\\fR",
    ]
    if children:
        lines.append("\\fIcommand\\fR")
    shown = arguments
    if len(arguments) > MOST_IN_SYNOPSIS:
        shown = [argument for argument in arguments if not argument["isOptional"]]
        lines.append("[\\fIoptions\\fR]")
    for argument in shown:
        text = escaped(spelling(argument))
        lines.append(f"[{text}]" if argument["isOptional"] else text)
    if command.get("discussion"):
        lines += [".SH DESCRIPTION"] + paragraphs(command["discussion"])
    if arguments:
        lines.append(".SH OPTIONS")
        for argument in arguments:
            lines += option(argument)
    if children:
        lines.append(".SH COMMANDS")
        for child in children:
            title = "-".join(path + [child["commandName"]])
            lines += [".TP", f"\\fB{escaped(title)}\\fR({SECTION})", escaped(child.get("abstract", ""))]
    if len(path) > 1:
        lines += [".SH SEE ALSO", f"\\fB{escaped('-'.join(path[:-1]))}\\fR({SECTION})"]
    return "\n".join(lines) + "\n"


def write(command, path, folder, version, date):
    children = [
        child
        for child in command.get("subcommands", [])
        if child.get("shouldDisplay", True) and child["commandName"] != "help"
    ]
    with open(os.path.join(folder, f"{'-'.join(path)}.{SECTION}"), "w", encoding="utf-8") as file:
        file.write(page(command, path, version, date, children))
    for child in children:
        write(child, path + [child["commandName"]], folder, version, date)


def main():
    program, folder = sys.argv[1:]

    def output(*arguments):
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout

    command = json.loads(output("--experimental-dump-help"))["command"]
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    date = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).date().isoformat() if epoch else ""
    write(command, [command["commandName"]], folder, output("version").strip(), date)


main()
