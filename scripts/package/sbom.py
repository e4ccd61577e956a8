#!/usr/bin/env python3
"""Prints what an archive is made of, as SPDX 2.3 in JSON: sbom.py REPOSITORY BINARY ARCHIVE < LIBRARIES

LIBRARIES are the Debian packages of the libraries that the program loads, one a line with its version (libraries.sh).
The same archive and libraries give the same bytes; it is dated by SOURCE_DATE_EPOCH.
"""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def identifier(name):
    return "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def package(name, version, licence, locator=None, **more):
    entry = {
        "SPDXID": identifier(name),
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        **more,
    }
    if locator:
        entry["externalRefs"] = [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}
        ]
    return entry


def toolchain():
    text = subprocess.run(["swift", "--version"], check=True, capture_output=True, text=True).stdout
    return re.search(r"Swift version (\S+)", text).group(1)


def pins(repository):
    """The versions of the Swift packages that were built in."""
    with open(os.path.join(repository, "Package.resolved"), encoding="utf-8") as file:
        return {pin["identity"]: pin for pin in json.load(file)["pins"]}


def model(repository):
    """The digest of a model: of the digests and names of its files."""
    folder = os.path.join(repository, "models/sensorium-base")
    text = "".join(f"{sha256(os.path.join(folder, name))}  {name}\n" for name in sorted(os.listdir(folder)))
    return hashlib.sha256(text.encode()).hexdigest()


def main():
    repository, binary, archive = sys.argv[1:]
    version = subprocess.run([binary, "version"], check=True, capture_output=True, text=True).stdout.strip()
    digest = sha256(archive)
    runtime = "Apache-2.0 WITH Swift-exception"
    packages = [
        package(
            "sensorium", version, "Apache-2.0", packageFileName=os.path.basename(archive), primaryPackagePurpose="APPLICATION",
            checksums=[{"algorithm": "SHA256", "checksumValue": digest}]),
        package(
            "sensorium-base", version, "NOASSERTION", checksums=[{"algorithm": "SHA256", "checksumValue": model(repository)}],
            comment="The model. The digest is that of the lines of sha256sum over its files, by name."),
        package("swift-runtime", toolchain(), runtime, comment="Run-time library, Dispatch and FoundationEssentials."),
    ]
    relationships = [
        ("SPDXRef-DOCUMENT", "DESCRIBES", identifier("sensorium")),
        (identifier("sensorium"), "CONTAINS", identifier("sensorium-base")),
        (identifier("sensorium"), "STATIC_LINK", identifier("swift-runtime")),
    ]
    resolved = pins(repository)
    for name, licence in [("swift-argument-parser", runtime), ("swift-log", "Apache-2.0")]:
        pin = resolved[name]
        locator = f"pkg:swift/github.com/apple/{name}@{pin['state']['version']}"
        packages.append(package(name, pin["state"]["version"], licence, locator))
        relationships.append((identifier("sensorium"), "STATIC_LINK", identifier(name)))
    for line in sys.stdin:
        name, installed = line.split()
        packages.append(package(name, installed, "NOASSERTION", f"pkg:deb/debian/{name}@{installed}"))
        relationships.append((identifier("sensorium"), "DYNAMIC_LINK", identifier(name)))
    created = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": os.path.basename(archive),
        # Nothing is fetched from there: the digest makes it the document's own.
        "documentNamespace": f"https://sensorium.invalid/spdx/{os.path.basename(archive)}-{digest}",
        "creationInfo": {
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: scripts/package/sbom.py"],
        },
        "packages": packages,
        "relationships": [
            {"spdxElementId": subject, "relationshipType": kind, "relatedSpdxElement": related}
            for subject, kind, related in relationships
        ],
    }
    json.dump(document, sys.stdout, indent=2)
    print()


main()
