package telemetry

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// JSON is the payload of the stats topic and of /status. Counters count since edged started or last read its configuration; rates are those of the last ten seconds.
func (n *Node) JSON() ([]byte, error) { return json.Marshal(object(nodeRows, n)) }

// member is one key of a JSON object, with its value.
type member struct {
	key   string
	value any
}

// members is a JSON object whose keys keep their order.
type members []member

// MarshalJSON implements json.Marshaler.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, entry := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(entry.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(entry.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// object is the rows' values that have a key.
func object[S any](rows []Row[S], source S) members {
	var out members
	for _, row := range rows {
		if row.Key == "" {
			continue
		}
		value := row.Value(source)
		if row.OmitEmpty && (value == nil || reflect.ValueOf(value).IsZero()) {
			continue
		}
		out = append(out, member{row.Key, value})
	}
	return out
}

func camerasOf(n *Node) members {
	out := make(members, 0, len(n.Cameras))
	for _, c := range n.Cameras {
		out = append(out, member{c.Name, object(cameraRows, c)})
	}
	return out.sorted()
}

func viewsOf(c Camera) members {
	out := make(members, 0, len(c.Views))
	for _, v := range c.Views {
		out = append(out, member{v.Path, object(viewRows, v)})
	}
	return out.sorted()
}

func (m members) sorted() members {
	slices.SortFunc(m, func(a, b member) int { return strings.Compare(a.key, b.key) })
	return m
}
