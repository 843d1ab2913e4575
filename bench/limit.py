"""This program measures the loops of the products without any engine: `python3 bench/limit.py`, needs gcc.

Each loop is written in assembly of 128-bit vectors without fused multiply-add, as engines compile strict SIMD, its data
in the first cache. A cell is its rate as a share of a loop of nothing but multiplications and additions in registers,
both at their quickest of many rounds, in turns. V8 loads every operand by an instruction of its own; processors can also
take it from memory within the multiplication or addition, which is the other column.
"""

import subprocess
import tempfile
from pathlib import Path

ROUNDS, STEPS = 4000, 1000
ACCUMULATORS = range(8)


def operate(operation, address, register, folded, source=None):
    """register = operation(source or register, what is at the address)"""
    source = register if source is None else source
    if folded:
        return f"{operation} {address}, %xmm{source}, %xmm{register}\n"
    return f"vmovdqu {address}, %xmm14\n{operation} %xmm14, %xmm{source}, %xmm{register}\n"


def dense(folded):
    """Tile of 4 rows × 8 columns: a step of k is 2 loads of b, 4 of a, 8 multiplications, 8 additions."""
    code = "vmovdqu (%rax), %xmm8\nvmovdqu 16(%rax), %xmm9\n"
    for row in range(4):
        code += f"vbroadcastss {64 * row}(%rcx), %xmm10\n"
        for half in (0, 1):
            code += f"vmulps %xmm{8 + half}, %xmm10, %xmm11\n"
            code += f"vaddps %xmm11, %xmm{2 * row + half}, %xmm{2 * row + half}\n"
    return code + "addq $4, %rcx\naddq $32, %rax\n", 8


def sparse(folded):
    """Row × 32 columns: an entry is its place and value, 8 loads of w, 8 multiplications, 8 additions."""
    code = "movl (%rcx), %edx\nvbroadcastss 512(%rcx), %xmm10\nleaq (%rax, %rdx), %rsi\n"
    for a in ACCUMULATORS:
        code += operate("vmulps", f"{16 * a}(%rsi)", 11, folded, 10) + f"vaddps %xmm11, %xmm{a}, %xmm{a}\n"
    return code + "addq $4, %rcx\n", 8


def subsets(folded):
    """Row × 32 columns: a group of four places is its mask, 8 loads of a sum, 8 additions; 16 pairs of a dense one."""
    code = "movl (%rcx), %edx\nleaq (%rax, %rdx), %rsi\n"
    for a in ACCUMULATORS:
        code += operate("vaddps", f"{16 * a}(%rsi)", a, folded)
    return code + "addq $4, %rcx\n", 32


def registers(_):
    return "".join(f"vmulps %xmm14, %xmm{a}, %xmm{a}\nvaddps %xmm15, %xmm{a}, %xmm{a}\n" for a in range(14)), 14


LOOPS = {"registers": registers, "dense": dense, "sparse": sparse, "subsets": subsets}


def function(name, body):
    """void name(const char *list, const char *w): STEPS times the body, from the beginning of the list every 32."""
    clear = "".join(f"vxorps %xmm{a}, %xmm{a}, %xmm{a}\n" for a in range(16))
    return f"""
.globl {name}
.p2align 6
{name}:
{clear}movl ${STEPS // 32}, %r8d
.p2align 6
1: movq %rdi, %rcx
movq %rsi, %rax
pushq %rsi
movl $32, %r9d
.p2align 6
2: {body}
decl %r9d
jnz 2b
popq %rsi
decl %r8d
jnz 1b
ret
"""


def main():
    names = [(loop, folded) for loop in LOOPS for folded in (False, True) if loop != "registers" or not folded]
    text, calls = ".text\n", []
    for loop, folded in names:
        body, pairs = LOOPS[loop](folded)
        name = f"{loop}{int(folded)}"
        text += function(name, body)
        calls.append((name, pairs))
    text += '.section .note.GNU-stack,"",@progbits\n'
    declared = ", ".join(f"{name}(const char *, const char *)" for name, _ in calls)
    table = ", ".join(f"{{{name}, {pairs}}}" for name, pairs in calls)
    program = f"""
#include <stdint.h>
#include <stdio.h>
#include <time.h>
void {declared};
static struct {{ void (*run)(const char *, const char *); int pairs; }} loops[] = {{ {table} }};
static _Alignas(4096) uint32_t list[512];
static _Alignas(4096) float w[4096];
static double now(void) {{ struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }}
int main(void) {{
  double best[{len(calls)}];
  for (int i = 0; i < 128; i++) list[i] = (i * 37 % 64) * 128;
  for (int i = 0; i < 4096; i++) w[i] = 1;
  for (int i = 0; i < {len(calls)}; i++) best[i] = 1e18;
  for (int round = 0; round < {ROUNDS}; round++) for (int i = 0; i < {len(calls)}; i++) {{
    double began = now(); loops[i].run((char *)list, (char *)w); double spent = now() - began;
    if (spent < best[i]) best[i] = spent;
  }}
  for (int i = 0; i < {len(calls)}; i++) printf("%f\\n", {STEPS // 32 * 32} * loops[i].pairs / best[i]);
}}
"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "loops.s").write_text(text)
        Path(folder, "main.c").write_text(program)
        subprocess.run(["gcc", "-O2", "-o", "main", "main.c", "loops.s"], cwd=folder, check=True)
        rates = [float(line) for line in subprocess.check_output([f"{folder}/main"], text=True).split()]
    rate = dict(zip(names, rates))
    peak = rate["registers", False]
    print(f"registers only: {8 * peak:.1f} GFLOP/s\n")
    print("| loop | operands loaded apart, as V8 does | operands taken from memory |\n| --- | --- | --- |")
    for loop in ("dense", "sparse", "subsets"):
        shares = [f"{100 * rate[loop, folded] / peak:.0f} %" for folded in (False, True)]
        print(f"| {loop} | {shares[0]} | {shares[1] if loop != 'dense' else '–'} |")


if __name__ == "__main__":
    main()
