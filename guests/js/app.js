// A component in JavaScript: two plain functions.

export function greet(name) {
  return `Hello, ${name}! This is JavaScript.`;
}

export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
