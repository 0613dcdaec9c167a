package sidecar

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/settings"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

func TestConfigComplainsAboutEverythingAtOnce(t *testing.T) {
	_, err := parseConfig([]string{
		"--address=a:65000", "--listen-host=here", "--admin-address=8080", "--drain-timeout=-1s", "--brake-share=NaN", "--settings-limit=-1", "--settings-lifetime=-1s",
		"--log-level=loud", "--server-identity=/nowhere", "--limits=batch=x", "extra",
	}, io.Discard)
	if err == nil {
		t.Fatal("a faulty configuration was taken")
	}
	for _, want := range []string{
		"--address", "--member-list", "--listen-host", "--admin-address", "--drain-timeout", "--brake-share", "--log-level",
		"--settings-limit", "--settings-lifetime", "--server-identity", "--limits", `"extra"`,
	} {
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
		AdminAddress: ":8080", BrakeShare: 0.5, PeerStream: true, AuthTokenTTL: 5 * time.Hour, DrainTimeout: 20 * time.Second, LogLevel: "info",
		Limits:   limits.Default(),
		Settings: settings.DefaultConfig(),
	}
	if got != want {
		t.Errorf("config = %+v, want %+v", got, want)
	}
}

func TestServerIdentityIsReadFromItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(file, []byte("serverIdentity: s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := parseConfig([]string{"--address=a:8848", "--member-list=list", "--server-identity=" + file}, io.Discard)
	if want := (wire.Identity{Key: "serverIdentity", Value: "s3cret"}); err != nil || got.Identity != want {
		t.Errorf("identity = %+v, %v, want %+v", got.Identity, err, want)
	}
}

func TestUnknownCommandShowsTheUsage(t *testing.T) {
	err := Main(t.Context(), []string{"serv"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), `unknown command "serv"`) || !strings.Contains(err.Error(), "distro-sidecar drain") {
		t.Errorf("Main = %v, want the usage", err)
	}
}

func TestArgumentsThatAreNoFlagsAreRefused(t *testing.T) {
	for _, command := range []string{"serve", "console", "drain", "check"} {
		err := Main(t.Context(), []string{command, "http://127.0.0.2:8080"}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), `unexpected argument "http://127.0.0.2:8080"`) {
			t.Errorf("Main(%s) = %v, want the argument refused", command, err)
		}
	}
}

func TestMemberWithoutAnAddressIsToldWhatIsRequired(t *testing.T) {
	err := Main(t.Context(), nil, io.Discard, io.Discard)
	if err == nil || strings.Count(err.Error(), "is required") != 2 {
		t.Errorf("Main() = %v, want both flags that are required", err)
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	for _, args := range [][]string{{"serve", "-h"}, {"console", "-h"}, {"drain", "-h"}, {"check", "-h"}} {
		var said bytes.Buffer
		if err := Main(t.Context(), args, io.Discard, &said); err != nil || !strings.Contains(said.String(), "distro-sidecar "+args[0]) {
			t.Errorf("Main(%v) = %v and %q, want its flags", args, err, said.String())
		}
	}
}

func TestWordsThatAreFlagsElsewhere(t *testing.T) {
	for arg, want := range map[string]string{
		"help": usage, "-h": usage, "-help": usage, "--help": usage,
		"version": Version + "\n", "-version": Version + "\n", "--version": Version + "\n",
	} {
		var said bytes.Buffer
		if err := Main(t.Context(), []string{arg}, &said, io.Discard); err != nil || said.String() != want {
			t.Errorf("Main(%s) = %v and %q, want %q", arg, err, said.String(), want)
		}
	}
}
