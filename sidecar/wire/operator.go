package wire

import (
	"strconv"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Switches are those of Nacos's switches that do something here. The others are
// shown with their defaults.
type Switches struct {
	BeatInterval int64 // milliseconds between beats that clients are asked for
	LightBeats   bool  // clients may leave out what they describe
	Push         bool  // over UDP
}

// DefaultSwitches are Nacos's.
func DefaultSwitches() Switches { return Switches{BeatInterval: 5000, LightBeats: true, Push: true} }

// Set returns the switches with one of them changed. A name that no switch has is
// passed over, as in Nacos.
func (s Switches) Set(entry, text string) (Switches, error) {
	bad := func(wanted string) error {
		return &Invalid{Field: "value", Text: "Param 'value' is illegal, " + entry + " should be " + wanted + ", not " + text + "."}
	}
	switch entry {
	case "clientBeatInterval":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1000 || n > 15000 {
			return s, bad("milliseconds from 1000 to 15000: an instance without beats is unhealthy after 15000")
		}
		s.BeatInterval = n
	case "lightBeatEnabled", "pushEnabled":
		on, err := strconv.ParseBool(text)
		if err != nil {
			return s, bad("true or false")
		}
		if entry == "pushEnabled" {
			s.Push = on
		} else {
			s.LightBeats = on
		}
	}
	return s, nil
}

// JSON is a SwitchDomain as Nacos writes it (HTTP page, 1.4).
func (s Switches) JSON() []byte {
	type health struct {
		Max    int     `json:"max"`
		Min    int     `json:"min"`
		Factor float64 `json:"factor"`
	}
	return object(struct {
		Masters         *string  `json:"masters"`
		AdWeights       struct{} `json:"adWeightMap"`
		PushCache       int      `json:"defaultPushCacheMillis"`
		Beat            int64    `json:"clientBeatInterval"`
		Cache           int      `json:"defaultCacheMillis"`
		Threshold       float64  `json:"distroThreshold"`
		HealthCheck     bool     `json:"healthCheckEnabled"`
		AutoHealthCheck bool     `json:"autoChangeHealthCheckEnabled"`
		Distro          bool     `json:"distroEnabled"`
		Standalone      bool     `json:"enableStandalone"`
		Push            bool     `json:"pushEnabled"`
		CheckTimes      int      `json:"checkTimes"`
		HTTP            health   `json:"httpHealthParams"`
		TCP             health   `json:"tcpHealthParams"`
		MySQL           health   `json:"mysqlHealthParams"`
		Incremental     []string `json:"incrementalList"`
		ServerSync      int      `json:"serverStatusSynchronizationPeriodMillis"`
		ServiceSync     int      `json:"serviceStatusSynchronizationPeriodMillis"`
		NoAddIP         bool     `json:"disableAddIP"`
		BeatOnly        bool     `json:"sendBeatOnly"`
		Light           bool     `json:"lightBeatEnabled"`
		Limited         struct{} `json:"limitedUrlMap"`
		Expired         int      `json:"distroServerExpiredMillis"`
		Go              string   `json:"pushGoVersion"`
		Java            string   `json:"pushJavaVersion"`
		Python          string   `json:"pushPythonVersion"`
		C               string   `json:"pushCVersion"`
		CSharp          string   `json:"pushCSharpVersion"`
		Authentication  bool     `json:"enableAuthentication"`
		Overridden      *string  `json:"overriddenServerStatus"`
		Ephemeral       bool     `json:"defaultInstanceEphemeral"`
		White           []string `json:"healthCheckWhiteList"`
		Checksum        *string  `json:"checksum"`
		Name            string   `json:"name"`
	}{
		PushCache: 10000, Beat: s.BeatInterval, Cache: 3000, Threshold: 0.7, HealthCheck: true, AutoHealthCheck: true, Distro: true,
		Standalone: true, Push: s.Push, CheckTimes: 3, HTTP: health{5000, 500, 0.85}, TCP: health{5000, 1000, 0.75},
		MySQL: health{3000, 2000, 0.65}, Incremental: []string{}, ServerSync: 2000, ServiceSync: 5000, Light: s.LightBeats,
		Expired: 10000, Go: "0.1.0", Java: "0.1.0", Python: "0.4.3", C: "1.0.12", CSharp: "0.9.0", Ephemeral: true, White: []string{},
		Name: "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00",
	})
}

// Counts are how much there is at a member.
type Counts struct {
	Services, Instances, Subscribers int
	Clients, Connections, Beating    int
	Owned                            int // clients
}

// Metrics are the counts of a member that is up. What it costs is not said here.
func Metrics(c Counts) []byte {
	return object(struct {
		Status      string `json:"status"`
		Services    int    `json:"serviceCount"`
		Instances   int    `json:"instanceCount"`
		Subscribers int    `json:"subscribeCount"`
		OwnedIPs    int    `json:"responsibleInstanceCount"`
		Clients     int    `json:"clientCount"`
		Connections int    `json:"connectionBasedClientCount"`
		Beating     int    `json:"ephemeralIpPortClientCount"`
		Persistent  int    `json:"persistentIpPortClientCount"`
		Owned       int    `json:"responsibleClientCount"`
		CPU         double `json:"cpu"`
		Load        double `json:"load"`
		Mem         double `json:"mem"`
	}{
		"UP", c.Services, c.Instances, c.Subscribers, c.Owned, c.Clients, c.Connections, c.Beating, 0, c.Owned, -1, -1, -1,
	})
}

// PushState says how many pushes there were.
func PushState(succeeded, failed uint64) []byte {
	total := succeeded + failed
	ratio := 0.0
	if total > 0 {
		ratio = float64(succeeded) / float64(total)
	}
	return object(struct {
		Succeeded uint64 `json:"succeed"`
		Total     uint64 `json:"total"`
		Ratio     double `json:"ratio"`
		Reset     bool   `json:"reset"`
	}{succeeded, total, double(ratio), false})
}

// Responsible names the member that owns something.
func Responsible(a member.Address) []byte {
	return append(appendString([]byte(`{"responsibleServer":`), string(a)), '}')
}

// ServerState is what a server says of itself to consoles.
func ServerState(version string, port int, auth bool) []byte {
	system := ""
	if auth {
		system = "nacos"
	}
	return object(map[string]any{
		"version": version, "server_port": strconv.Itoa(port), "standalone_mode": "cluster", "startup_mode": "cluster",
		"function_mode": "naming", "auth_enabled": strconv.FormatBool(auth), "auth_system_type": system, "auth_admin_request": "false",
		"console_ui_enabled": "false", "login_page_enabled": "false",
	})
}

// Members is a list of members, in the state in which they are seen.
func Members(list []member.Node) []byte {
	b := []byte{'['}
	for i, n := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNodeIn(b, n, stateName(n.State))
	}
	return append(b, ']')
}

// Member is one member.
func Member(n member.Node) []byte { return appendNodeIn(nil, n, stateName(n.State)) }

// stateName is a state as Nacos names it.
func stateName(s member.State) string {
	switch s {
	case member.Down:
		return "DOWN"
	case member.Suspect:
		return "SUSPICIOUS"
	default:
		return "UP"
	}
}

// Addresses are those of members, one a line or in a list.
func Addresses(list []member.Node) []byte {
	out := make([]string, 0, len(list))
	for _, n := range list {
		out = append(out, string(n.Address))
	}
	return appendStrings(nil, out)
}

// ServerList is what an address server gives: a line for each member.
func ServerList(list []member.Node) string {
	var b strings.Builder
	for _, n := range list {
		b.WriteString(string(n.Address) + "\n")
	}
	return b.String()
}

// namespace is a namespace as consoles list it.
type namespace struct {
	ID      string `json:"namespace"`
	Name    string `json:"namespaceShowName"`
	About   string `json:"namespaceDesc"`
	Quota   int    `json:"quota"`
	Configs int    `json:"configCount"`
	Type    int    `json:"type"` // 0 is the default one, 2 others
}

func namespaceOf(id, public string) namespace {
	if id == "public" {
		return namespace{public, "public", "Default Namespace", 200, 0, 0}
	}
	return namespace{id, id, "", 200, 0, 2}
}

// Namespaces lists namespaces; public is how the default one is written, which
// changed in 3.x.
func Namespaces(ids []string, public string) []byte {
	out := make([]namespace, 0, len(ids))
	for _, id := range ids {
		out = append(out, namespaceOf(id, public))
	}
	return object(out)
}

// Namespace is one of them.
func Namespace(id, public string) []byte { return object(namespaceOf(id, public)) }

// Login is the answer to who has logged in: a token and how long it is good, which
// is told in whole seconds (HTTP page, 4.1).
func Login(token string, ttl time.Duration, admin bool, name string) []byte {
	b := appendString([]byte(`{"accessToken":`), token)
	b = strconv.AppendInt(append(b, `,"tokenTtl":`...), int64(ttl/time.Second), 10)
	b = strconv.AppendBool(append(b, `,"globalAdmin":`...), admin)
	return append(appendString(append(b, `,"username":`...), name), '}')
}
