;; A component that imports an interface and a function no host has.
(component
  (import "acme:weather/forecast@1.0.0" (instance
    (export "tomorrow" (func (param "place" string) (result string)))
    (export "rain" (func (result bool)))))
  (import "unknown-function" (func (param "a" u32) (result u32))))
