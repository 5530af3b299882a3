package jsonl

// appendCanonical appends the value at d[i] in the form in which json columns
// keep it, and returns its end: no spaces, members in the order found, numbers
// as spelled (NaN and the infinities too), nothing escaped in strings but
// quotes, backslashes and control characters.
func appendCanonical(dst, d []byte, i, depth int) ([]byte, int, error) {
	if i >= len(d) {
		return dst, i, &scanError{at: i, msg: "want a value, have the end of the line"}
	}
	switch c := d[i]; c {
	case '"':
		s, err := scanString(d, i)
		if err != nil {
			return dst, i, err
		}
		if s.escapes {
			var plain escapes
			dst = plain.quote(dst, unquote(nil, d[i+1:s.end-1]))
		} else {
			dst = append(dst, d[i:s.end]...)
		}
		return dst, s.end, nil
	case '{', '[':
		return canonicalNested(dst, d, i, depth)
	}
	end, err := skipValue(d, i, depth, nil)
	if err != nil {
		return dst, i, err
	}
	return append(dst, d[i:end]...), end, nil
}

func canonicalNested(dst, d []byte, i, depth int) ([]byte, int, error) {
	if depth >= maxDepth {
		return dst, i, &scanError{at: i, msg: "values nested too deeply"}
	}
	closing := d[i] + 2
	var names nameSet
	dst = append(dst, d[i])
	i = skipSpace(d, i+1)
	if i < len(d) && d[i] == closing {
		return append(dst, closing), i + 1, nil
	}
	for {
		var err error
		if closing == '}' {
			at, start := i, len(dst)
			if i, err = skipName(d, i); err != nil {
				return dst, i, err
			}
			if dst, _, err = appendCanonical(dst, d, at, depth+1); err != nil {
				return dst, i, err
			}
			if !names.add(dst[start:]) {
				return dst, i, &scanError{at: at, msg: "the name " + string(dst[start:]) + " comes twice in an object"}
			}
			dst = append(dst, ':')
		}
		if dst, i, err = appendCanonical(dst, d, i, depth+1); err != nil {
			return dst, i, err
		}
		i = skipSpace(d, i)
		if i < len(d) && d[i] == closing {
			return append(dst, closing), i + 1, nil
		}
		if i >= len(d) || d[i] != ',' {
			return dst, i, &scanError{at: i, msg: "want ',' or '" + string(closing) + "', have " + glimpse(d, i)}
		}
		dst = append(dst, ',')
		i = skipSpace(d, i+1)
	}
}

// nameSet notices a name that comes twice. Few names are compared one by one.
type nameSet struct {
	few  []string
	many map[string]bool
}

func (s *nameSet) add(name []byte) bool {
	if s.many != nil {
		if s.many[string(name)] {
			return false
		}
		s.many[string(name)] = true
		return true
	}
	for _, n := range s.few {
		if n == string(name) {
			return false
		}
	}
	s.few = append(s.few, string(name))
	if len(s.few) > 16 {
		s.many = map[string]bool{}
		for _, n := range s.few {
			s.many[n] = true
		}
	}
	return true
}

// render appends the canonical text t in the dialect's style. Text that is
// not canonical, which can only come from elsewhere, is appended as it is as
// far as possible.
func (c *codec) renderJSON(dst, t []byte) []byte {
	e, l := &c.dialect.Escape, &c.dialect.layout
	var nested []byte
	for i := 0; i < len(t); {
		switch t[i] {
		case '"':
			s, err := scanString(t, i)
			if err != nil {
				return append(dst, t[i:]...)
			}
			if s.escapes {
				dst = e.quote(dst, unquote(nil, t[i+1:s.end-1]))
			} else if e.plain(s, t[i+1:s.end-1]) {
				dst = append(dst, t[i:s.end]...)
			} else {
				dst = e.quote(dst, t[i+1:s.end-1])
			}
			i = s.end
			continue
		case '{', '[':
			if i+1 < len(t) && t[i+1] == t[i]+2 {
				dst = append(dst, t[i:i+2]...)
				i += 2
				continue
			}
			nested = append(nested, t[i])
			if t[i] == '{' {
				dst = append(dst, l.Object[0]...)
			} else {
				dst = append(dst, l.Array[0]...)
			}
		case '}':
			dst = append(dst, l.Object[3]...)
			nested = nested[:max(0, len(nested)-1)]
		case ']':
			dst = append(dst, l.Array[2]...)
			nested = nested[:max(0, len(nested)-1)]
		case ',':
			if len(nested) > 0 && nested[len(nested)-1] == '[' {
				dst = append(dst, l.Array[1]...)
			} else {
				dst = append(dst, l.Object[1]...)
			}
		case ':':
			dst = append(dst, l.Object[2]...)
		default:
			dst = append(dst, t[i])
		}
		i++
	}
	return dst
}
