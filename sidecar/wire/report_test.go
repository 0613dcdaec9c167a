package wire

import (
	"errors"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

func TestReportsOverHTTPAreReadAsWritten(t *testing.T) {
	n := member.Node{Address: "[::1]:8848", Version: "2.5.1", State: member.Up, Ready: true}
	if got, err := DecodeHTTPReport(HTTPReport(n)); err != nil || got != n {
		t.Errorf("report: %+v, %v", got, err)
	}
	if got, err := DecodeHTTPReportResult(HTTPReportResult(n)); err != nil || got != n {
		t.Errorf("answer: %+v, %v", got, err)
	}
}

func TestAnswerBefore212NamesNobody(t *testing.T) {
	got, err := DecodeHTTPReportResult([]byte(`{"code":200,"message":null,"data":"true"}`))
	if want := (member.Node{State: member.Up, Ready: true}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFaultyReportsOverHTTP(t *testing.T) {
	for body, want := range map[string]error{"{": ErrMalformed, "null": ErrNoNode, `{"ip":"a","port":1}`: ErrBadNode} {
		if _, err := DecodeHTTPReport([]byte(body)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
	if _, err := DecodeHTTPReportResult([]byte(`{"code":403,"message":"no"}`)); err == nil {
		t.Error("a refusal is taken for an answer")
	}
	if _, err := DecodeHTTPReportResult([]byte(`[`)); !errors.Is(err, ErrMalformed) {
		t.Errorf("no JSON: %v", err)
	}
}

func TestWhoKeepsRevisions(t *testing.T) {
	tests := map[string]bool{"2.1.0": false, "2.2.3": false, "2.3.0": true, "2.5.1": true, "3.0.3": true, "1.4.2": false, "": true, "new": true}
	for version, want := range tests {
		if got := KeepsRevisions(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}
