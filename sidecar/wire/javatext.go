package wire

import (
	"encoding/json"
	"strconv"
	"strings"
)

// metadata is a map of text in which clients also put numbers and booleans:
// their text as it stands is the value, as in Java. null is as good as absent.
type metadata map[string]string

// UnmarshalJSON takes an object of scalars.
func (m *metadata) UnmarshalJSON(text []byte) error {
	var mixed map[string]json.RawMessage
	if err := json.Unmarshal(text, &mixed); err != nil {
		return badMetadata("it should be an object of text values.")
	}
	*m = nil
	if mixed != nil {
		*m = make(metadata, len(mixed))
	}
	for k, raw := range mixed {
		switch raw[0] {
		case '{', '[':
			return badMetadata("the value of " + strconv.Quote(k) + " should be text, a number, true or false.")
		case '"':
			(*m)[k] = javaText(raw)
		case 'n':
		default:
			(*m)[k] = string(raw)
		}
	}
	return nil
}

func badMetadata(text string) error {
	return &Invalid{Field: "metadata", Text: "Param 'metadata' is illegal, " + text, Hint: "Encode nested values as text."}
}

// extendDatum is metadata among which values of other types stand too. Java keeps
// each as it was written and shows its toString, which is what is kept here; null
// is as good as absent (gRPC page, 4.8).
type extendDatum map[string]string

// UnmarshalJSON takes an object of anything.
func (c *extendDatum) UnmarshalJSON(text []byte) error {
	var mixed map[string]json.RawMessage
	if err := json.Unmarshal(text, &mixed); err != nil {
		return err
	}
	*c = nil
	if mixed != nil {
		*c = make(extendDatum, len(mixed))
	}
	for k, raw := range mixed {
		if raw[0] != 'n' {
			(*c)[k] = javaText(raw)
		}
	}
	return nil
}

// javaText returns what Java's toString gives for a JSON value, which must be
// one: {a=b} for objects, [1, 2] for arrays, numbers as Java prints them.
func javaText(raw json.RawMessage) string {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	return nextText(d)
}

func nextText(d *json.Decoder) string {
	t, err := d.Token()
	if err != nil {
		return "" // the value was read as one before
	}
	switch t := t.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(t)
	case json.Number:
		return numberText(t)
	case json.Delim:
		return nestedText(d, t)
	default:
		return t.(string) //nolint:forcetypeassert // the only kind that is left
	}
}

// nestedText reads an object or array up to its end; members keep their order.
func nestedText(d *json.Decoder, open json.Delim) string {
	var parts []string
	for d.More() {
		part := nextText(d)
		if open == '{' {
			part += "=" + nextText(d)
		}
		parts = append(parts, part)
	}
	_, _ = d.Token() // the end of it
	if open == '{' {
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
