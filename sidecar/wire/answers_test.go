package wire

import (
	"path/filepath"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestAnswersAreWrittenAsRecorded(t *testing.T) {
	tests := map[string]func(v vector) []byte{
		"cluster-error-starting.json": func(vector) []byte {
			return Failure(CodeServerError, CodeStarting, "Server is starting,please try later.", "")
		},
		"cluster-server-check-request.json":     func(vector) []byte { return Internal() },
		"cluster-server-check-response.json":    connectionReady,
		"cluster-health-check-request.json":     func(vector) []byte { return Internal() },
		"cluster-health-check-response.json":    func(vector) []byte { return Success() },
		"sdk-server-check-response.json":        connectionReady,
		"sdk-health-check-response.json":        func(vector) []byte { return Success() },
		"sdk-instance-register-response.json":   func(vector) []byte { return Done(RegisterInstance) },
		"sdk-instance-deregister-response.json": func(vector) []byte { return Done(DeregisterInstance) },
		"sdk-batch-register-response.json":      func(vector) []byte { return Done(BatchRegisterInstance) },
		"sdk-error-kind-conflict.json":          refusedAlike,
		"sdk-java-notify-ack.json":              answered,
		"sdk-fuzzy-watch-response.json":         func(vector) []byte { return Success() },
		"sdk-fuzzy-watch-sync-request-init-notify.json": func(vector) []byte {
			return FuzzySync("3", FuzzyInit, "public>>G1>>*", []string{"public@@G1@@http-orders"}, 1, 1)
		},
		"sdk-fuzzy-watch-sync-request-finish-init-notify.json": func(vector) []byte {
			return FuzzySync("2", FuzzyFinish, "public>>G1>>java*", nil, 1, 1)
		},
		"sdk-fuzzy-watch-change-notify-resource-changed-add-service.json": func(vector) []byte {
			return FuzzyChange("5", "public@@G1@@java3-orders", true)
		},
		"sdk-fuzzy-watch-change-notify-resource-changed-delete-service.json": func(vector) []byte {
			return FuzzyChange("10", "public@@G1@@java3-orders-persist", false)
		},
		"distro-change-response.json":    func(vector) []byte { return Success() },
		"distro-delete-response.json":    func(vector) []byte { return Success() },
		"distro-verify-response-ok.json": func(vector) []byte { return Success() },
		"distro-verify-response-fail.json": func(vector) []byte {
			p := Refuse(DistroDataRequest, naming.ServiceKey{}, "", CodeServerError, "[DISTRO-FAILED] distro data verify failed")
			return Body(p)
		},
		"distro-snapshot-request.json":        func(vector) []byte { return SnapshotRequest() },
		"distro-snapshot-response-empty.json": func(vector) []byte { return snapshotOf(nil) },
	}
	for file, build := range tests {
		for name, v := range vectors(t, file) {
			t.Run(name, func(t *testing.T) {
				same(t, tree(t, build(v)), tree(t, []byte(v.Body)))
			})
		}
	}
}

func connectionReady(v vector) []byte {
	var connection struct {
		ID string `json:"connectionId"`
	}
	if decode([]byte(v.Body), &connection) != nil {
		return nil
	}
	return Ready(connection.ID)
}

func refusedAlike(v vector) []byte {
	result, err := DecodeResult([]byte(v.Body))
	if err != nil {
		return nil
	}
	return Failure(result.ResultCode, result.ErrorCode, result.Message, "")
}

func answered(v vector) []byte {
	result, err := DecodeResult([]byte(v.Body))
	if err != nil {
		return nil
	}
	return Answered(result.RequestID)
}

func TestServiceListIsWrittenAsRecorded(t *testing.T) {
	for name, v := range vectors(t, "sdk-service-list-response.json") {
		t.Run(name, func(t *testing.T) {
			want := tree(t, []byte(v.Body))
			var names []string
			for _, name := range want["serviceNames"].([]any) {
				names = append(names, name.(string))
			}
			same(t, tree(t, ListResult(len(names), names)), want)
		})
	}
}

func TestSetUpIsWrittenAsRecorded(t *testing.T) {
	for _, version := range versions {
		v := readVector(t, filepath.Join("testdata", version, "cluster-connection-setup.json"))
		same(t, tree(t, ClusterSetup(version)), tree(t, []byte(v.Body)))

		for _, file := range []string{"cluster-setup-ack.json", "sdk-setup-ack.json"} {
			want := tree(t, []byte(readVector(t, filepath.Join("testdata", version, file)).Body))
			table := at(t, want, "abilityTable") // we offer one of Java's, which 2.5.1 has not
			clear(table)
			table["fuzzyWatch"] = true
			same(t, tree(t, Abilities()), want)
		}
	}
}

// TestMemberReportsAreWrittenAsRecorded leaves out what only a Raft member has,
// and the time that Java stamps into its own record.
func TestMemberReportsAreWrittenAsRecorded(t *testing.T) {
	builders := map[string]func(member.Node) []byte{
		"cluster-member-report-request.json":  ReportRequest,
		"cluster-member-report-response.json": ReportResult,
	}
	for file, build := range builders {
		for name, v := range vectors(t, file) {
			t.Run(name, func(t *testing.T) {
				n, err := DecodeReport(Payload(v.Type, []byte(v.Body)))
				if err != nil {
					t.Fatal(err)
				}
				want := tree(t, []byte(v.Body))
				info := at(t, want, "node", "extendInfo")
				delete(info, "raftMetaData")
				delete(info, "lastRefreshTime")
				same(t, tree(t, build(n)), want)
			})
		}
	}
}

func TestMembersOfOursSayMoreInHeaders(t *testing.T) {
	n := member.Node{
		Address: "demo-1.demo-headless.prod.svc:8848",
		Epoch:   17, Version: "2.5.1", State: member.Draining, Ready: true, Clock: 99,
	}
	got, err := DecodeReport(Introduce(Payload(MemberReportRequest, ReportRequest(n)), n))
	if err != nil || got != n {
		t.Errorf("DecodeReport = %+v, %v, want %+v", got, err, n)
	}
	plain, err := DecodeReport(Payload(MemberReportRequest, ReportRequest(n)))
	want := member.Node{Address: n.Address, Version: n.Version, State: member.Up, Ready: true}
	if err != nil || plain != want {
		t.Errorf("without headers DecodeReport = %+v, %v, want %+v", plain, err, want)
	}
}

func TestRefusalsKeepTheShapeOfTheirKind(t *testing.T) {
	s := naming.ServiceKey{Namespace: "public", Group: "g", Name: "n"}
	const info = `"serviceInfo":{"name":"n","groupName":"g","clusters":"a","cacheMillis":10000,"hosts":[],"lastRefTime":0,` +
		`"checksum":"","allIPs":false,"reachProtectionThreshold":false,"valid":true},`
	tests := map[Kind]struct {
		kind  Kind
		shape string
	}{
		InstanceRequest:         {InstanceResponse, ""},
		ServiceListRequest:      {ServiceListResponse, `"count":0,"serviceNames":[],`},
		Kind("NopeRequest"):     {ErrorResponse, ""},
		ServiceQueryRequest:     {QueryServiceResponse, info},
		SubscribeServiceRequest: {SubscribeServiceResponse, info},
	}
	for request, tc := range tests {
		t.Run(string(request), func(t *testing.T) {
			p := Refuse(request, s, "a", CodeInvalid, "no")
			want := `{"resultCode":500,"errorCode":400,"message":"no",` + tc.shape + `"success":false}`
			if KindOf(p) != tc.kind || string(Body(p)) != want {
				t.Errorf("Refuse = %s %s\nwant %s %s", KindOf(p), Body(p), tc.kind, want)
			}
		})
	}
}
