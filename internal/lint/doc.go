// Package lint holds the rules of the house as tests: which package may import
// which (the layers of docs/architecture.md), which package is the only one to
// touch a third-party library, which calls are for the outer layers alone, and
// what every package and file must look like.
//
// The rules are tables at the top of the test files: a new package or
// dependency fails until it is entered there, which is the moment to think about
// where it belongs. Every rule is tried on a small source that breaks it, so
// that none can pass by seeing nothing. Start reading at layers_test.go.
package lint
