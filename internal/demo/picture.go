package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// frameImage returns the frame that x was cut from as a PNG of 32x24 pixels (48x24
// for the wide camera, 24x24 for the rear one): sky over road, and blocks of
// colour for what is on it. It is not compressed, as compressors may change.
func frameImage(x *sample) ([]byte, error) {
	w, h := 32, 24
	switch x.camera {
	case "front_wide":
		w = 48
	case "rear":
		w = 24
	}
	sky := map[string]color.RGBA{"clear": {120, 180, 240, 255}, "cloudy": {170, 180, 190, 255}, "rain": {110, 120, 135, 255},
		"fog": {200, 200, 200, 255}, "snow": {225, 230, 240, 255}}[x.weather]
	road := color.RGBA{70, 70, 75, 255}
	if x.weather == "snow" {
		road = color.RGBA{190, 195, 205, 255}
	}
	if night(x.hour) {
		sky, road = dim(sky), dim(road)
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for px := range w {
			c := sky
			if y > h/2 {
				c = road
			}
			shade := uint8(2 * (y % 8))
			img.SetRGBA(px, y, color.RGBA{c.R - shade, c.G - shade, c.B - shade, 255})
		}
	}
	for k := range 5 {
		r := hash(x.frame, 20+k)
		left, top := int(r%uint64(w-6)), h/2+int(r>>8%uint64(h/2-6))
		block := color.RGBA{uint8(r >> 16), uint8(r >> 24), uint8(r >> 32), 255}
		for y := top; y < top+3+k%2; y++ {
			for px := left; px < left+4+k%3; px++ {
				img.SetRGBA(px, y, block)
			}
		}
	}
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.NoCompression}
	err := enc.Encode(&b, img)
	return b.Bytes(), err
}

func dim(c color.RGBA) color.RGBA { return color.RGBA{c.R/4 + 16, c.G/4 + 16, c.B/4 + 16, 255} }
