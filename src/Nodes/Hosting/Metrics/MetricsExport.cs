using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace PasswordSync.Hosting.Metrics;

/// <summary>Collects the figures of one server of this process: sends them to a collector, and gives them to whoever asks (<see cref="Prometheus"/>).</summary>
public sealed class MetricsExport : IDisposable
{
    /// <summary>How many combinations of attribute values one instrument may have; more are added up in one that says so.</summary>
    public const int SeriesMax = 2_000;

    /// <summary>The meters of the runtime and of the database's driver that are collected, too.</summary>
    private static readonly string[] Others = ["System.Runtime", "Npgsql"];

    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600];

    private readonly MeterProvider provider;
    private readonly PrometheusReader prometheus;

    private MetricsExport(MeterProvider provider, PrometheusReader prometheus)
    {
        this.provider = provider;
        this.prometheus = prometheus;
    }

    /// <summary>Begins to collect. The caller owns it.</summary>
    /// <param name="service">What the process is: <c>passwordsync-node</c>.</param>
    /// <param name="instance">Which one it is: the node's or domain controller's name.</param>
    /// <param name="scope">The scope of the product's own meters; those of other servers of the process are left out.</param>
    /// <param name="settings">Where figures go.</param>
    public static MetricsExport Start(string service, string instance, object scope, MetricsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var prometheus = new PrometheusReader();
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.Clear().AddService(service, serviceVersion: ProductVersion.Text, serviceInstanceId: instance))
            .AddMeter(["PasswordSync.*", .. Others])
            .AddView(instrument => instrument.Meter.Name.StartsWith("PasswordSync.", StringComparison.Ordinal) && !ReferenceEquals(instrument.Meter.Scope, scope)
                ? MetricStreamConfiguration.Drop
                : instrument.Unit == "s" && instrument.GetType().Name.StartsWith("Histogram", StringComparison.Ordinal)
                ? new ExplicitBucketHistogramConfiguration { Boundaries = Seconds, CardinalityLimit = SeriesMax }
                : new MetricStreamConfiguration { CardinalityLimit = SeriesMax })
            .AddReader(prometheus);
        if (settings.Otlp is { } collector)
        {
            builder.AddOtlpExporter((exporter, reader) =>
            {
                exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                exporter.Endpoint = new Uri(new Uri(collector), "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)settings.Interval.TotalMilliseconds;
            });
        }

        return new MetricsExport(builder.Build(), prometheus);
    }

    /// <summary>All figures now, in Prometheus's text format.</summary>
    public string Prometheus() => prometheus.Read();

    /// <summary>Sends what is due to the collector once more, for a short time, and ends.</summary>
    public void Dispose() => provider.Dispose();
}
