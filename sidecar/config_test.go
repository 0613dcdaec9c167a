package sidecar

import (
	"io"
	"strings"
	"testing"
	"time"
)

func TestConfigComplainsAboutEverythingAtOnce(t *testing.T) {
	_, err := parseConfig([]string{
		"--address=a:65000", "--listen-host=here", "--admin-address=8080", "--drain-timeout=-1s", "--log-level=loud", "extra",
	}, io.Discard)
	if err == nil {
		t.Fatal("a faulty configuration was taken")
	}
	for _, want := range []string{"--address", "--member-list", "--listen-host", "--admin-address", "--drain-timeout", "--log-level", `"extra"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %s:\n%v", want, err)
		}
	}
}

func TestConfigHasCompleteDefaults(t *testing.T) {
	got, err := parseConfig([]string{"--address=demo-0.demo-headless.prod.svc", "--member-list=/etc/distro/members/cluster.conf"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Address: "demo-0.demo-headless.prod.svc:8848", MemberList: "/etc/distro/members/cluster.conf",
		AdminAddress: ":8080", PeerStream: true, DrainTimeout: 20 * time.Second, LogLevel: "info",
	}
	if got != want {
		t.Errorf("config = %+v, want %+v", got, want)
	}
}

func TestUnknownCommandShowsTheUsage(t *testing.T) {
	err := Main(t.Context(), []string{"serv"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), `unknown command "serv"`) || !strings.Contains(err.Error(), "distro-sidecar drain") {
		t.Errorf("Main = %v, want the usage", err)
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"serve", "-h"}, {"console", "-h"}, {"drain", "-h"}, {"version"}} {
		if err := Main(t.Context(), args, io.Discard, io.Discard); err != nil {
			t.Errorf("Main(%v): %v", args, err)
		}
	}
}
