package settings

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Question is what a member asks another. With Buckets it says all that it holds
// in these, to be merged, and asks for what the other holds otherwise; without it
// asks whether Root is the digest of what the other holds.
type Question struct {
	Root    Digest
	Buckets []int   `json:",omitempty"`
	Entries []Entry `json:",omitempty"`
}

// Answer answers a Question. Digests are those of the buckets, none if the roots
// are equal; Entries are those in the buckets that the asker does not hold alike.
type Answer struct {
	Digests []Digest `json:",omitempty"`
	Entries []Entry  `json:",omitempty"`
}

// Encode writes the question as JSON.
func (q Question) Encode() []byte { return encode(q) }

// Encode writes the answer as JSON.
func (a Answer) Encode() []byte { return encode(a) }

func encode(v any) []byte {
	text, _ := json.Marshal(v) // what is no number was refused before it was stored
	return text
}

// DecodeQuestion reads a Question.
func DecodeQuestion(text []byte) (q Question, err error) {
	if err := json.Unmarshal(text, &q); err != nil {
		return Question{}, fmt.Errorf("read question about settings: %w", err)
	}
	for _, b := range q.Buckets {
		if b < 0 || b >= Buckets {
			return Question{}, fmt.Errorf("read question about settings: there is no bucket %d", b)
		}
	}
	return q, nil
}

// DecodeAnswer reads an Answer.
func DecodeAnswer(text []byte) (a Answer, err error) {
	if err := json.Unmarshal(text, &a); err != nil {
		return Answer{}, fmt.Errorf("read answer about settings: %w", err)
	}
	if n := len(a.Digests); n != 0 && n != Buckets {
		return Answer{}, fmt.Errorf("read answer about settings: %d digests, want %d", n, Buckets)
	}
	return a, nil
}

// Root returns the digest of all that is held, tombstones among it.
func (s *Store) Root() Digest { return s.root }

// Said returns the digest of what holds. Members that have the same answer alike,
// also where some have forgotten tombstones that others still know.
func (s *Store) Said() Digest { return s.said }

// Digests returns the digest of what is held in each bucket.
func (s *Store) Digests() []Digest {
	out := make([]Digest, Buckets)
	for _, h := range s.held {
		out[h.bucket] = out[h.bucket].with(h.sum)
	}
	return out
}

// Ask returns the questions that follow from another member's digests, each with
// no more than about so many bytes of entries, whole buckets at a time; none when
// all are alike.
func (s *Store) Ask(theirs []Digest, most int) []Question {
	var out []Question
	root, mine, size := s.Root(), s.Digests(), most
	for b, list := range s.parts() {
		if mine[b] == theirs[b] {
			continue
		}
		if size >= most {
			out, size = append(out, Question{Root: root}), 0
		}
		q := &out[len(out)-1]
		q.Buckets = append(q.Buckets, b)
		for _, h := range list {
			q.Entries = append(q.Entries, h.Entry)
			size += h.size
		}
	}
	return out
}

// Answer answers a question after what it says was merged.
func (s *Store) Answer(q Question) (a Answer) {
	if len(q.Buckets) == 0 {
		if s.Root() != q.Root {
			a.Digests = s.Digests()
		}
		return a
	}
	theirs := map[Key]Digest{}
	for _, e := range q.Entries {
		theirs[e.Key], _ = fingerprint(e)
	}
	parts := s.parts()
	for _, b := range q.Buckets {
		for _, h := range parts[b] {
			if theirs[h.Key] != h.sum {
				a.Entries = append(a.Entries, h.Entry)
			}
		}
	}
	return a
}

// parts returns what is held in each bucket, in order of key.
func (s *Store) parts() [][]*held {
	out := make([][]*held, Buckets)
	for _, h := range s.held {
		out[h.bucket] = append(out[h.bucket], h)
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b *held) int { return a.Key.Compare(b.Key) })
	}
	return out
}
