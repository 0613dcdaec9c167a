// Command sbom says in SPDX 2.3 of which modules a Go program was built, as the
// program itself records it. A program that was built alike gives equal bytes:
// no clock is read, and SOURCE_DATE_EPOCH (seconds) sets the time of creation.
//
//	sbom -binary bin/linux/amd64/distro-sidecar -name distro-sidecar -version v0.1.0 > distro-sidecar.spdx.json
package main

import (
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
)

// home is where documents and the program itself come from.
const home = "https://github.com/distro-naming/naming-operator"

func main() {
	binary := flag.String("binary", "", "Go `program` to look into")
	name := flag.String("name", "", "its `name`")
	version := flag.String("version", "", "its `version`")
	flag.Parse()
	if err := run(os.Stdout, *binary, *name, *version, os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, binary, name, version, epoch string) error {
	if binary == "" || name == "" || version == "" {
		return fmt.Errorf("read flags: -binary, -name and -version are required")
	}
	seconds, err := strconv.ParseInt(cmp.Or(epoch, "0"), 10, 64)
	if err != nil {
		return fmt.Errorf("read SOURCE_DATE_EPOCH: %w", err)
	}
	built, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("read %s: %w", binary, err)
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	doc := document(built, name, version, hex.EncodeToString(sum[:]), time.Unix(seconds, 0).UTC())
	return spdxjson.Write(doc, out, spdxjson.Indent(" "))
}

// document describes one program that contains its modules and Go's own library.
func document(built *debug.BuildInfo, name, version, sum string, created time.Time) *spdx.Document {
	program := module(name, built.Main.Path, version)
	program.PackageSPDXIdentifier = "Program"
	program.PrimaryPackagePurpose = "APPLICATION"
	program.PackageChecksums = []spdx.Checksum{{Algorithm: spdx.SHA256, Value: sum}}
	program.PackageLicenseDeclared = "Apache-2.0"
	doc := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName:      name + "-" + version,
		DocumentNamespace: home + "/sbom/" + name + "/" + version + "/" + sum,
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "naming-operator-sbom"}},
			Created:  created.Format(time.RFC3339),
		},
		Packages:      []*spdx.Package{program},
		Relationships: []*spdx.Relationship{relation("DOCUMENT", "DESCRIBES", "Program")},
	}
	parts := []*spdx.Package{module("stdlib", "stdlib", built.GoVersion)}
	for _, dep := range built.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		parts = append(parts, module(dep.Path, dep.Path, dep.Version))
	}
	for _, part := range parts {
		doc.Packages = append(doc.Packages, part)
		doc.Relationships = append(doc.Relationships, relation("Program", "CONTAINS", string(part.PackageSPDXIdentifier)))
	}
	return doc
}

func module(name, path, version string) *spdx.Package {
	id := regexp.MustCompile(`[^A-Za-z0-9.-]+`).ReplaceAllString("Go-"+path+"-"+version, "-")
	return &spdx.Package{
		PackageName: name, PackageSPDXIdentifier: common.ElementID(id), PackageVersion: version,
		PackageDownloadLocation: "NOASSERTION", PackageLicenseConcluded: "NOASSERTION", PackageLicenseDeclared: "NOASSERTION",
		PackageCopyrightText: "NOASSERTION",
		PackageExternalReferences: []*spdx.PackageExternalReference{{
			Category: "PACKAGE-MANAGER", RefType: "purl", Locator: "pkg:golang/" + path + "@" + version,
		}},
	}
}

func relation(from, kind, to string) *spdx.Relationship {
	return &spdx.Relationship{
		RefA: common.MakeDocElementID("", from), RefB: common.MakeDocElementID("", to), Relationship: kind,
	}
}
