// This file declares the one function of ECharts that plots use; tools/echarts bundles it.
declare module '#echarts' {
  export { init } from 'echarts/core'
}
