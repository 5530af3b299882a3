package object

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Structured objects use RFC 8949 §4.2.1 core deterministic encoding; integer
// map keys keep them short and let fields be renamed in Go.
var (
	encMode = mustEnc()
	decMode = mustDec()
)

func mustEnc() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic("object: " + err.Error())
	}
	return m
}

func mustDec() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxArrayElements:  1 << 24,
		MaxMapPairs:       1 << 24,
		MaxNestedLevels:   128, // a schema of types that nest 32 deep has 100
	}.DecMode()
	if err != nil {
		panic("object: " + err.Error())
	}
	return m
}

// Marshal returns the object of kind k whose payload is v in deterministic
// CBOR. It panics if v has a type that CBOR cannot hold, which is a bug here.
func Marshal(k Kind, v any) []byte {
	p, err := encMode.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("object: marshal %s: %v", k, err))
	}
	return append(AppendHeader(make([]byte, 0, HeaderSize+len(p)), k), p...)
}

// Unmarshal decodes the object b of kind k into v, a pointer. Bytes that
// Marshal would not have written are refused with ErrCorrupt, so one content
// has one encoding.
func Unmarshal(b []byte, k Kind, v any) error {
	p, err := Payload(b, k)
	if err != nil {
		return err
	}
	if err := decMode.Unmarshal(p, v); err != nil {
		return fmt.Errorf("%w: %s: %v", ErrCorrupt, k, err)
	}
	again, err := encMode.Marshal(v)
	if err != nil || !bytes.Equal(again, p) {
		return fmt.Errorf("%w: %s is not in canonical form", ErrCorrupt, k)
	}
	return nil
}

// recordVersion is the first byte of every record.
const recordVersion = 1

// MarshalRecord returns v in deterministic CBOR behind one byte of version: a
// value of meta.db, which is no object and has no id. It panics if v has a type
// that CBOR cannot hold, which is a bug here.
func MarshalRecord(v any) []byte {
	p, err := encMode.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("object: marshal record: %v", err))
	}
	return append([]byte{recordVersion}, p...)
}

// UnmarshalRecord decodes what MarshalRecord wrote into v, a pointer. Other bytes
// are ErrCorrupt, another version is ErrUnsupported.
func UnmarshalRecord(b []byte, v any) error {
	if len(b) == 0 {
		return fmt.Errorf("%w: empty record", ErrCorrupt)
	}
	if b[0] != recordVersion {
		return fmt.Errorf("%w: record version %d, this program reads version %d", ErrUnsupported, b[0], recordVersion)
	}
	if err := decMode.Unmarshal(b[1:], v); err != nil {
		return fmt.Errorf("%w: record: %v", ErrCorrupt, err)
	}
	again, err := encMode.Marshal(v)
	if err != nil || !bytes.Equal(again, b[1:]) {
		return fmt.Errorf("%w: record is not in canonical form", ErrCorrupt)
	}
	return nil
}
