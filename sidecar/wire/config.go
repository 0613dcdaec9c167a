package wire

import (
	"net/url"
	"strings"
)

// What is said of configuration over HTTP and gRPC.
const (
	// NoConfig answers who reads a configuration: there is none.
	NoConfig = "config data not exist"
	// ConfigRefused answers who publishes one.
	ConfigRefused = "configuration is not kept by this server: it serves naming only. Publish to a Nacos server or a ConfigMap"
)

// CodeNoConfig is the error code of a ConfigQueryResponse that found nothing.
// Of that answer alone it does not mean that the server starts.
const CodeNoConfig = 300

// ConfigListening is the body of a ConfigBatchListenRequest: what a client
// listens to, or with Listen false no longer.
type ConfigListening struct {
	Listen  bool         `json:"listen"`
	Configs []HeldConfig `json:"configListenContexts"`
}

// HeldConfig is a configuration that a client listens to, and the MD5 of what it
// holds of it: empty for nothing.
type HeldConfig struct {
	DataID string `json:"dataId"`
	Group  string `json:"group"`
	Tenant string `json:"tenant"`
	MD5    string `json:"md5"`
}

// DecodeConfigListening reads a ConfigBatchListenRequest.
func DecodeConfigListening(body []byte) (out ConfigListening, err error) {
	out.Listen = true // as Java has it where a client does not say
	err = decode(body, &out)
	return out, err
}

// Changed returns the body of the answer: what the client holds and is not here.
func (l ConfigListening) Changed() []byte {
	b := []byte(`{"resultCode":200,"errorCode":0,"changedConfigs":[`)
	first := true
	for _, c := range l.Configs {
		if !l.Listen || c.MD5 == "" {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendString(append(b, `{"group":`...), c.Group)
		b = appendString(append(b, `,"dataId":`...), c.DataID)
		b = append(appendString(append(b, `,"tenant":`...), c.Tenant), '}')
	}
	return append(b, `],"success":true}`...)
}

// NoConfigsMatch is the body of the ConfigFuzzyWatchSyncRequest that tells who
// watches a pattern that all which matches was told: nothing.
func NoConfigsMatch(requestID, pattern string) []byte {
	return appendSync(requestID, FuzzyFinish, pattern, nil, 0, 0, "config")
}

// Separators of what a client says that it listens to.
const (
	wordSeparator = "\x02"
	lineSeparator = "\x01"
)

// HeldConfigs returns, of the configurations that a client listens to, those of
// which it says that it holds something, in the form of an answer. Each is
// dataId, group, MD5 and perhaps a tenant.
func HeldConfigs(listening string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(listening, lineSeparator) {
		words := strings.Split(line, wordSeparator)
		if len(words) < 3 || words[2] == "" {
			continue
		}
		held := words[:2:2]
		if len(words) > 3 && words[3] != "" {
			held = append(held, words[3])
		}
		b.WriteString(strings.Join(held, wordSeparator) + lineSeparator)
	}
	return url.QueryEscape(b.String())
}
