package object

// Link is the mention of one object inside another.
type Link struct {
	ID   ID
	Kind Kind // the kind that the object must have; 0 where the mention does not say
}
