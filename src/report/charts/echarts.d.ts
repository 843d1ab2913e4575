declare module '#echarts' {
  export { init } from 'echarts/core'
}
