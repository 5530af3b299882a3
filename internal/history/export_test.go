package history

// RememberAll has h write down whatever it finds out; without records, it makes
// none.
func RememberAll(h *History, records bool) {
	h.least = 0
	if !records {
		h.few = -1
	}
}
