package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdxlib"
)

// The test's own program is one that Go has built of modules.
func TestDocumentNamesTheModules(t *testing.T) {
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := run(out, os.Args[0], "tool", "v1.2.3", "1700000000"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("equal programs give different documents")
	}
	doc, err := spdxjson.Read(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Error(err)
	}
	found := map[string]string{}
	for _, p := range doc.Packages {
		found[p.PackageName] = p.PackageVersion
	}
	if found["tool"] != "v1.2.3" || found["stdlib"] == "" || !strings.HasPrefix(found["github.com/spdx/tools-golang"], "v") {
		t.Errorf("packages = %v, want the program, Go's library and the modules", found)
	}
	if doc.CreationInfo.Created != "2023-11-14T22:13:20Z" {
		t.Errorf("created = %s, want what SOURCE_DATE_EPOCH says", doc.CreationInfo.Created)
	}
}

func TestRefusedPrograms(t *testing.T) {
	if err := run(new(bytes.Buffer), "main.go", "tool", "v1", ""); err == nil || !strings.Contains(err.Error(), "main.go") {
		t.Errorf("run(a text) = %v, want it named", err)
	}
	if err := run(new(bytes.Buffer), os.Args[0], "", "v1", ""); err == nil || !strings.Contains(err.Error(), "-name") {
		t.Errorf("run(no name) = %v, want the flag named", err)
	}
}
