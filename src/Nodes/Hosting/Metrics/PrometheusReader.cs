using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace PasswordSync.Hosting.Metrics;

/// <summary>Collects all figures when it is asked, and writes them as Prometheus reads them.</summary>
internal sealed class PrometheusReader : BaseExportingMetricReader
{
    private readonly Lock gate = new();
    private readonly Writer writer;

    public PrometheusReader()
        : this(new Writer())
    {
    }

    private PrometheusReader(Writer writer)
        : base(writer)
    {
        this.writer = writer;
        TemporalityPreference = MetricReaderTemporalityPreference.Cumulative;
    }

    /// <summary>The text. Who asks at the same time waits: there is one state of collecting.</summary>
    public string Read()
    {
        lock (gate)
        {
            writer.Text = "";
            Collect();
            return writer.Text;
        }
    }

    private sealed class Writer : BaseExporter<Metric>
    {
        public string Text { get; set; } = "";

        public override ExportResult Export(in Batch<Metric> batch)
        {
            var text = new PrometheusText();
            foreach (var metric in batch) text.Add(metric);
            Text = text.ToString();
            return ExportResult.Success;
        }
    }
}
