// Package demo makes a small dataset that looks like one from a fleet of test
// cars, and the tour that strata demo leads through it.
//
// There are 2,000 samples to train on (train.jsonl), 400 to validate with
// (val.csv) and the frames that they were cut from (images/*.png). The samples
// have what real ones have: classes of unequal size, a class that annotators
// take for another at night, a model that is less sure in bad weather,
// captions with commas and quotes, embeddings that lie around a centre for each
// class. Later versions correct labels (Correct), bring new captures in snow
// (Capture) and add a column (Review).
//
// The one invariant: everything follows from the number of a sample by a hash,
// so the files have the same bytes on every machine. Start reading at New, then
// Tour.
package demo

import (
	"fmt"
	"math"
)

// Sizes of the dataset.
const (
	trainSamples = 2000
	valSamples   = 400
	newSamples   = 320
	perFrame     = 8 // samples cut from one image
	dims         = 16
)

// sample is one object that a camera saw.
type sample struct {
	id      string
	weather string
	hour    int
	camera  string
	label   string // as annotated
	truth   string // what it is
	score   float64
	caption string
	vector  [dims]float64
	image   string
	hidden  int // occlusion, 0 to 3
	frame   int
}

// Scenes is the dataset at one point of its life.
type Scenes struct {
	train, val []sample
	reviewed   bool // samples have the column occlusion
}

// New returns the first version: drives of spring and summer.
func New() *Scenes {
	s := &Scenes{}
	for i := range trainSamples {
		s.train = append(s.train, newSample(i, "s", false))
	}
	for i := range valSamples {
		s.val = append(s.val, newSample(900_000+i, "v", false))
	}
	return s
}

// Correct gives the samples of the night their true labels, and returns how
// many changed.
func (s *Scenes) Correct() int {
	n := 0
	for i := range s.train {
		if x := &s.train[i]; night(x.hour) && x.label != x.truth {
			x.label = x.truth
			n++
		}
	}
	return n
}

// Capture appends the samples of a drive in snow, and returns how many.
func (s *Scenes) Capture() int {
	for i := range newSamples {
		s.train = append(s.train, newSample(trainSamples+i, "s", true))
	}
	return newSamples
}

// Review adds the column occlusion to the training samples: how much of the
// object is hidden, 0 (nothing) to 3 (most).
func (s *Scenes) Review() { s.reviewed = true }

func night(hour int) bool { return hour >= 21 || hour < 6 }

// newSample makes sample i. Samples of one frame share time, weather and camera.
func newSample(i int, prefix string, snow bool) sample {
	frame := i / perFrame
	x := sample{
		id: fmt.Sprintf("%s%06d", prefix, i%900_000), frame: frame,
		image:  fmt.Sprintf("images/%s%04d.png", prefix, frame%(900_000/perFrame)),
		camera: pick(hash(frame, 1), "front", "front", "front_wide", "left", "right", "rear"),
		hour:   pick(hash(frame, 2), 0, 2, 5, 6, 7, 7, 8, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 17, 18, 18, 19, 20, 21, 22, 23),
	}
	x.weather = pick(hash(frame, 3), "clear", "clear", "clear", "clear", "cloudy", "cloudy", "cloudy", "rain", "rain", "fog")
	if snow {
		x.weather = pick(hash(frame, 3), "snow", "snow", "snow", "snow", "cloudy")
		x.hour = pick(hash(frame, 2), 6, 7, 7, 8, 8, 9, 15, 16, 16, 17, 17, 18)
	}
	x.truth = pick(hash(i, 4), "car", "car", "car", "car", "car", "car", "car", "car", "van", "van", "van", "truck", "truck",
		"pedestrian", "pedestrian", "pedestrian", "cyclist", "cyclist", "bus", "motorcycle")
	x.label = x.truth
	if unit(i, 5) < mistakes(x) {
		x.label = map[string]string{"cyclist": "pedestrian", "motorcycle": "cyclist", "van": "truck"}[x.truth]
	}
	x.score = score(i, &x)
	x.caption = caption(i, &x)
	x.vector = embed(i, x.truth)
	x.hidden = pick(hash(i, 6), 0, 0, 0, 0, 0, 1, 1, 2, 2, 3)
	return x
}

// mistakes is the probability that an annotator takes a sample for another
// class: at night bicycles are taken for people on foot.
func mistakes(x sample) float64 {
	switch {
	case x.truth == "cyclist" && night(x.hour):
		return 0.6
	case x.truth == "motorcycle" && night(x.hour):
		return 0.4
	case x.truth == "van":
		return 0.02
	}
	return 0
}

// score is how sure the model is of its answer, in [0.05, 0.99]: less at night
// and in bad weather. It is rounded to three digits, as models' files are.
func score(i int, x *sample) float64 {
	s := 0.93 - float64(0.05*math.Abs(normal(i, 7)))
	if night(x.hour) {
		s -= 0.10
	}
	s -= map[string]float64{"rain": 0.05, "fog": 0.12, "snow": 0.17}[x.weather]
	if x.label != x.truth {
		s -= 0.20
	}
	s += float64(0.04 * normal(i, 8))
	return math.Round(1000*min(max(s, 0.05), 0.99)) / 1000
}

// embed is a point near the centre of its class, of length 1, rounded to four
// digits. Products are converted, so that no machine fuses them with the sum.
func embed(i int, class string) (v [dims]float64) {
	centre := 0
	for _, c := range class {
		centre = 31*centre + int(c)
	}
	var square float64
	for k := range v {
		v[k] = normal(centre, 100+k) + float64(0.45*normal(i, 200+k))
		square += float64(v[k] * v[k])
	}
	for k := range v {
		v[k] = math.Round(1e4*v[k]/math.Sqrt(square)) / 1e4
		if v[k] == 0 {
			v[k] = 0 // no minus zero
		}
	}
	return v
}

// caption says what the sample shows, in the words of a person.
func caption(i int, x *sample) string {
	thing := map[string]string{"car": "A parked car", "van": "A delivery van", "truck": "A truck with a trailer", "bus": "A city bus",
		"pedestrian": "A person on foot", "cyclist": "Someone on a bicycle", "motorcycle": "A motorcycle"}[x.truth]
	road := pick(hash(i, 10), "near the tram stop", "at the crossing", "beside the kerb", "behind a row of trees", "in the left lane", "under the bridge", "at the gate of a depot")
	light := map[string]string{"clear": "dry road", "cloudy": "flat light", "rain": "wet road, reflections", "fog": "hardly visible", "snow": "snow on the lens"}[x.weather]
	switch {
	case night(x.hour):
		light = "dark, " + light
	case hash(i, 11)%23 == 0:
		light = `sign reads "` + pick(hash(i, 12), "ONE WAY", "P+R", "DÉVIATION", "30") + `", ` + light
	}
	return thing + " " + road + ", " + light + "."
}
