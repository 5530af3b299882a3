package gen

// vocabulary makes n different pronounceable words, short ones first, as
// frequent words are.
func vocabulary(n int) []string {
	onsets := []string{"b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "pl", "gr", "sh"}
	vowels := []string{"a", "e", "i", "o", "u", "ai", "ea", "ou"}
	codas := []string{"", "n", "r", "s", "t", "l", "nd", "ck", "m", "st"}
	p := newPCG(20000, 7)
	seen := map[string]bool{}
	words := make([]string, 0, n)
	for len(words) < n {
		syllables := 1
		switch r := len(words); {
		case r > 6000:
			syllables = 3
		case r > 300:
			syllables = 2
		}
		word := ""
		for s := range syllables {
			word += onsets[p.below(uint64(len(onsets)))] + vowels[p.below(uint64(len(vowels)))]
			if s == syllables-1 {
				word += codas[p.below(uint64(len(codas)))]
			}
		}
		if !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	return words
}

// appendText appends a caption of about size bytes, at least 40: sentences,
// sometimes with a comma, rarely with a quoted word.
func (g *Generator) appendText(dst []byte, p *pcg, size int) []byte {
	begin, sentence := len(dst), 0
	for len(dst)-begin < size {
		r := p.next()
		word := g.words[g.wordZipf.slots[r&(wordSlots-1)]]
		if sentence == 0 {
			dst = append(dst, word[0]-'a'+'A')
			word = word[1:]
		} else {
			dst = append(dst, ' ')
		}
		quoted := r>>52 == 0
		if quoted {
			dst = append(dst, '"')
		}
		dst = append(dst, word...)
		if quoted {
			dst = append(dst, '"')
		}
		sentence++
		switch {
		case sentence > 6 && r>>40&15 == 0:
			dst = append(dst, '.')
			sentence = 0
			if len(dst)-begin < size {
				dst = append(dst, ' ')
			}
		case r>>40&63 == 1:
			dst = append(dst, ',')
		}
	}
	return dst
}
