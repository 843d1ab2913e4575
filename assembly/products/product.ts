// The record of a product holds its sizes and strides, so that kernels take only addresses beside it.

/**
 * c[M, N] = a[M, K] @ b[K, N]. The caller fills in what the kernel asks for, in elements; a kernel changes none of it.
 * A transpose is a matter of strides: element (m, k) of a stands at m·aRow + k·aColumn.
 */
@unmanaged
export class Product {
  M: i32
  N: i32
  K: i32
  ldc: i32 // from one row of c to the next
  aRow: i32
  aColumn: i32
  ldb: i32 // from one row of b to the next
}

/** The one record that all share: no product runs within another. */
export const product = changetype<Product>(memory.data(offsetof<Product>(), 16))
