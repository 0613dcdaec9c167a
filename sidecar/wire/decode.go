package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrMalformed means that a body is not JSON, or not a JSON object: a fault of
// the program that sent it, not of its user.
var ErrMalformed = errors.New("body is not a JSON object")

// decode reads body into v. A member of a wrong type is an *Invalid that names
// it, as a user can cause that; everything that can be read has been then.
func decode(body []byte, v any) error {
	err := json.Unmarshal(body, v)
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return &Invalid{
			Field: wrong.Field,
			Text:  fmt.Sprintf("Param '%s' is illegal, it should be %s, not %s.", wrong.Field, wanted(wrong), wrong.Value),
			Hint:  "Send it as the Nacos API describes it.",
		}
	}
	if invalid, ok := errors.AsType[*Invalid](err); ok {
		return invalid
	}
	return fmt.Errorf("%w: %s", ErrMalformed, err.Error())
}

func wanted(e *json.UnmarshalTypeError) string {
	switch name := e.Type.String(); {
	case strings.HasPrefix(name, "int"):
		return "a whole number"
	case strings.HasPrefix(name, "float"):
		return "a number"
	case name == "bool":
		return "true or false"
	case name == "string":
		return "text"
	default:
		return "an object or a list"
	}
}

// metadata is a map of text in which senders also put numbers and booleans,
// that Java turns into text.
type metadata map[string]string

// UnmarshalJSON takes an object of scalars.
func (m *metadata) UnmarshalJSON(text []byte) error {
	plain := map[string]string{}
	if json.Unmarshal(text, &plain) == nil {
		*m = plain
		return nil
	}
	var mixed map[string]json.RawMessage
	if err := json.Unmarshal(text, &mixed); err != nil {
		return badMetadata("it should be an object of text values.")
	}
	out := make(metadata, len(mixed))
	for k, raw := range mixed {
		s, ok := scalarText(raw)
		if !ok {
			return badMetadata("the value of " + strconv.Quote(k) + " should be text, a number, true or false.")
		}
		out[k] = s
	}
	*m = out
	return nil
}

func badMetadata(text string) error {
	return &Invalid{Field: "metadata", Text: "Param 'metadata' is illegal, " + text, Hint: "Encode nested values as text."}
}

// scalarText returns the text of a JSON scalar as Java's toString gives it.
func scalarText(raw json.RawMessage) (string, bool) {
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return "", false
	}
	switch v.(type) {
	case map[string]any, []any:
		return "", false
	}
	return javaText(v), true
}

// javaText returns what Java's toString gives for a decoded JSON value
// (numbers as json.Number): {a=b} for objects, [1, 2] for arrays.
func javaText(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return numberText(v)
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = javaText(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for k, e := range v {
			parts = append(parts, k+"="+javaText(e))
		}
		return "{" + joinSorted(parts) + "}"
	default:
		return fmt.Sprint(v)
	}
}
