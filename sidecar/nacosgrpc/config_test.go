package nacosgrpc

import (
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

const configSetup = `{"clientVersion":"test","labels":{"source":"sdk","module":"config"},"abilityTable":{}}`

// TestConfigurationIsAnsweredAsByAServerThatHoldsNone has the bodies that
// nacos-client 2.5.1 and 3.0.2 send.
func TestConfigurationIsAnsweredAsByAServerThatHoldsNone(t *testing.T) {
	const names = `"headers":{},"dataId":"app.yaml","group":"DEFAULT_GROUP","tenant":"public","module":"config"`
	const listening = `{"headers":{},"listen":true,"configListenContexts":[` +
		`{"group":"g","md5":"","dataId":"absent","tenant":"public"},` +
		`{"group":"g","dataId":"new","tenant":"public"},` +
		`{"group":"g","md5":"d41d8cd9","dataId":"held","tenant":"public"}],"module":"config"}`
	for name, tc := range map[string]struct {
		kind    wire.Kind
		request string
		answer  wire.Kind
		body    string
	}{
		"query": {
			wire.ConfigQueryRequest, `{` + names + `,"tag":null,"notify":false}`, wire.ConfigQueryResponse,
			`{"resultCode":500,"errorCode":300,"message":"config data not exist","lastModified":0,"beta":false,"success":false}`,
		},
		"listen": {
			wire.ConfigBatchListenRequest, listening, wire.ConfigChangeBatchListenResponse,
			`{"resultCode":200,"errorCode":0,"changedConfigs":[{"group":"g","dataId":"held","tenant":"public"}],"success":true}`,
		},
		"listen no longer": {
			wire.ConfigBatchListenRequest, strings.Replace(listening, `"listen":true`, `"listen":false`, 1),
			wire.ConfigChangeBatchListenResponse, `{"resultCode":200,"errorCode":0,"changedConfigs":[],"success":true}`,
		},
		"publish": {
			wire.ConfigPublishRequest, `{` + names + `,"content":"a: b","casMd5":null,"additionMap":{}}`, wire.ConfigPublishResponse,
			`{"resultCode":500,"errorCode":501,"message":"` + wire.ConfigRefused + `","success":false}`,
		},
		"remove": {
			wire.ConfigRemoveRequest, `{` + names + `,"tag":""}`, wire.ConfigRemoveResponse,
			`{"resultCode":200,"errorCode":0,"success":true}`,
		},
		"a member of a wrong type": {
			wire.ConfigBatchListenRequest, `{"configListenContexts":5}`, wire.ConfigChangeBatchListenResponse,
			`{"resultCode":500,"errorCode":400,"message":"Param check invalid:Param 'configListenContexts' is illegal, ` +
				`it should be an object or a list, not number. Send it as the Nacos API describes it.","changedConfigs":[],"success":false}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, start(t, nil).sdk, configSetup)
			out := c.send1(tc.kind, tc.request, nil)
			if got := string(wire.Body(out)); wire.KindOf(out) != tc.answer || got != tc.body {
				t.Errorf("answered %s %s\nwant %s %s", wire.KindOf(out), got, tc.answer, tc.body)
			}
		})
	}
}

// TestWhoWatchesConfigurationsIsToldThatThereAreNone: it waits until it knows all.
func TestWhoWatchesConfigurationsIsToldThatThereAreNone(t *testing.T) {
	c := connect(t, start(t, nil).sdk, configSetup)
	c.must(wire.ConfigFuzzyWatchRequest, watching("public>>g>>*", true))
	p := c.acknowledge(wire.ConfigFuzzyWatchSyncResponse)
	m := toldBy(t, p)
	if m.kind != wire.ConfigFuzzyWatchSyncRequest || m.SyncType != wire.FuzzyFinish || m.Pattern != "public>>g>>*" || len(m.Contexts) != 0 {
		t.Errorf("told %s", wire.Body(p))
	}
	cancel := strings.Replace(watching("public>>g>>*", true), "WATCH", "CANCEL_WATCH", 1)
	c.must(wire.ConfigFuzzyWatchRequest, cancel)
	c.must(wire.HealthCheckRequest, `{}`)
}
