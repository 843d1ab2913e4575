// This file bundles the parts of ECharts that draw plots without a DOM into dist/echarts: its package is 62 MB in 2000
// files.
import { CandlestickChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendPlainComponent, TitleComponent } from 'echarts/components'
import { use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([CandlestickChart, LineChart, GridComponent, LegendPlainComponent, TitleComponent, SVGRenderer])

export { init } from 'echarts/core'
