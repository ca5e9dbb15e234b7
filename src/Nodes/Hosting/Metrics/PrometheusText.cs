using System.Globalization;
using System.Text;
using OpenTelemetry.Metrics;

namespace PasswordSync.Hosting.Metrics;

/// <summary>
/// Writes figures in Prometheus's text exposition format 0.0.4. Names follow the rules of OpenTelemetry's specification for Prometheus: dots become underscores, the unit
/// is added in words, and counters end in <c>_total</c>.
/// </summary>
public sealed class PrometheusText
{
    /// <summary>The type of the text, for HTTP.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal) { ["s"] = "seconds", ["By"] = "bytes", ["ms"] = "milliseconds", ["%"] = "percent", ["1"] = "ratio" };

    private readonly StringBuilder text = new();

    public void Add(Metric metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        var isCounter = metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;
        var isHistogram = metric.MetricType is MetricType.Histogram;
        var name = NameOf(metric.Name, metric.Unit, isCounter);
        text.Append("# HELP ").Append(name).Append(' ').Append(metric.Description.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        text.Append("# TYPE ").Append(name).Append(isCounter ? " counter\n" : isHistogram ? " histogram\n" : " gauge\n");
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = LabelsOf(point.Tags);
            if (isHistogram) AddHistogram(name, labels, point);
            else AddLine(name, labels, ValueOf(metric.MetricType, point));
        }
    }

    public override string ToString() => text.ToString();

    /// <summary>The name under which Prometheus knows an instrument.</summary>
    public static string NameOf(string name, string unit, bool isCounter)
    {
        var made = new StringBuilder();
        foreach (var c in name) made.Append(char.IsAsciiLetterOrDigit(c) || c == ':' ? c : '_');

        // A unit in braces only says what is counted.
        if (unit.Length > 0 && unit[0] != '{')
        {
            var word = Units.GetValueOrDefault(unit, unit);
            if (!made.ToString().EndsWith("_" + word, StringComparison.Ordinal)) made.Append('_').Append(word);
        }

        return isCounter ? made.Append("_total").ToString() : made.ToString();
    }

    private static double ValueOf(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
        MetricType.LongGauge => point.GetGaugeLastValueLong(),
        MetricType.DoubleGauge => point.GetGaugeLastValueDouble(),
        _ => throw new InvalidOperationException($"Internal error: a figure of the unknown type {type}."),
    };

    private static string LabelsOf(OpenTelemetry.ReadOnlyTagCollection tags)
    {
        var made = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            if (made.Length > 0) made.Append(',');
            foreach (var c in key) made.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
            made.Append("=\"").Append(Convert.ToString(value, CultureInfo.InvariantCulture)!.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        }

        return made.ToString();
    }

    // Buckets are cumulative here, and each tells up to which value it counts.
    private void AddHistogram(string name, string labels, in MetricPoint point)
    {
        var count = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            var limit = double.IsPositiveInfinity(bucket.ExplicitBound) ? "+Inf" : bucket.ExplicitBound.ToString(CultureInfo.InvariantCulture);
            AddLine(name + "_bucket", $"{labels}{(labels.Length > 0 ? "," : "")}le=\"{limit}\"", count);
        }

        AddLine(name + "_sum", labels, point.GetHistogramSum());
        AddLine(name + "_count", labels, point.GetHistogramCount());
    }

    private void AddLine(string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
