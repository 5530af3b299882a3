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
