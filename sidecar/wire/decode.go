package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrMalformed means that a body is not JSON, or not a JSON object: a fault of
// the program that sent it, not of its user.
var ErrMalformed = errors.New("body is not a JSON object")

// decode reads body into v. A member of a wrong type is an *Invalid that names
// it, as a user can cause that; everything that can be read has been then.
func decode(body []byte, v any) error {
	if !utf8.Valid(body) {
		return fmt.Errorf("%w: it is not UTF-8", ErrMalformed) // encoding/json would change it
	}
	err := json.Unmarshal(body, v)
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return &Invalid{
			Field: wrong.Field,
			Text:  fmt.Sprintf("Param '%s' is illegal, it should be %s, not %s.", wrong.Field, wanted(wrong), short(wrong.Value)),
			Hint:  "Send it as the Nacos API describes it.",
		}
	}
	if invalid, ok := errors.AsType[*Invalid](err); ok {
		return invalid
	}
	return fmt.Errorf("%w: %s", ErrMalformed, err.Error())
}

// decoded returns what decode reads of body.
func decoded[T any](body []byte) (out T, err error) {
	err = decode(body, &out)
	return out, err
}

// short is what a message repeats of a value.
func short(value string) string {
	const most = 64
	if len(value) > most {
		return strings.ToValidUTF8(value[:most], "") + "…"
	}
	return value
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
