package gitops

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

const (
	statuses = "../../controllers/testdata/status" // written by the operator's own tests
	health   = "../../config/argo-cd/health.lua"
)

// verdicts are what the tools have to say about each recorded status.
var verdicts = map[string]struct {
	kstatus status.Status
	argo    string
	because string // part of Argo CD's message
}{
	"first":    {status.InProgressStatus, "Progressing", "about to work on it"},
	"starting": {status.InProgressStatus, "Progressing", "0 of 3 members serve"},
	"ready":    {status.CurrentStatus, "Healthy", "3 of 3 members serve"},
	"rolling":  {status.InProgressStatus, "Progressing", "one at a time"},
	"held":     {status.CurrentStatus, "Healthy", "3 of 3 members serve"},
	"fenced":   {status.CurrentStatus, "Healthy", "clients are kept from demo-1"},
	"retrying": {status.InProgressStatus, "Progressing", "trying again"},
	"stuck":    {status.InProgressStatus, "Degraded", "ImagePullBackOff"},
	"stalled":  {status.FailedStatus, "Degraded", "belongs to somebody else"},
	"paused":   {status.CurrentStatus, "Suspended", "spec.paused"},
	"zero":     {status.InProgressStatus, "Suspended", "no members are wanted"},
}

func TestVerdicts(t *testing.T) {
	for name, want := range verdicts {
		t.Run(name, func(t *testing.T) {
			object := read(t, name)
			if got := kstatus(t, object); got != want.kstatus {
				t.Errorf("kstatus = %s, want %s", got, want.kstatus)
			}
			if got, message := argo(t, object); got != want.argo || !strings.Contains(message, want.because) {
				t.Errorf("Argo CD = %s (%s), want %s, because %q", got, message, want.argo, want.because)
			}
		})
	}
}

// A spec that was changed a moment ago is never taken for reached.
func TestANewerSpecIsInProgress(t *testing.T) {
	for name := range verdicts {
		object := read(t, name)
		object.SetGeneration(object.GetGeneration() + 1)
		if got := kstatus(t, object); got != status.InProgressStatus {
			t.Errorf("%s: kstatus of a newer spec = %s, want %s", name, got, status.InProgressStatus)
		}
		if got, _ := argo(t, object); got == "Healthy" {
			t.Errorf("%s: Argo CD calls a newer spec healthy", name)
		}
	}
}

func TestANewObjectIsNotHealthy(t *testing.T) {
	object := read(t, "ready")
	unstructured.RemoveNestedField(object.Object, "status")
	if got, message := argo(t, object); got != "Progressing" {
		t.Errorf("Argo CD about an object without a status = %s (%s), want Progressing", got, message)
	}
}

func TestEveryRecordedStatusIsJudged(t *testing.T) {
	files, err := filepath.Glob(statuses + "/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	for name := range verdicts {
		if !slices.Contains(names, name) {
			t.Errorf("no status is recorded for %q", name)
		}
	}
	if len(names) != len(verdicts) {
		t.Errorf("%d statuses are recorded, %d judged", len(names), len(verdicts))
	}
}

func read(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(statuses, name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = yaml.YAMLToJSON(raw); err != nil {
		t.Fatal(err)
	}
	object := new(unstructured.Unstructured)
	if err := object.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return object
}

func kstatus(t *testing.T, object *unstructured.Unstructured) status.Status {
	t.Helper()
	result, err := status.Compute(object)
	if err != nil {
		t.Fatal(err)
	}
	return result.Status
}

// argo runs the health check as Argo CD does: the object is the global obj, and
// what the script returns is the verdict.
func argo(t *testing.T, object *unstructured.Unstructured) (verdict, message string) {
	t.Helper()
	script, err := os.ReadFile(health)
	if err != nil {
		t.Fatal(err)
	}
	machine := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer machine.Close()
	lua.OpenBase(machine)
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var content any
	if err := json.Unmarshal(raw, &content); err != nil {
		t.Fatal(err)
	}
	machine.SetGlobal("obj", value(machine, content))
	if err := machine.DoString(string(script)); err != nil {
		t.Fatalf("run %s: %v", health, err)
	}
	table, ok := machine.Get(-1).(*lua.LTable)
	if !ok {
		t.Fatalf("%s returned %v, want a table", health, machine.Get(-1))
	}
	return table.RawGetString("status").String(), table.RawGetString("message").String()
}

// value is the Lua value of a JSON value.
func value(machine *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case []any:
		table := machine.NewTable()
		for _, item := range v {
			table.Append(value(machine, item))
		}
		return table
	case map[string]any:
		table := machine.NewTable()
		for key, item := range v {
			table.RawSetString(key, value(machine, item))
		}
		return table
	}
	return lua.LNil
}
