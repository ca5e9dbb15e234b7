using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>A small collector: takes OTLP over HTTP at <c>v1/metrics</c> and reads resources and names of metrics from the protobuf (opentelemetry-proto, metrics.proto).</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication web;
    private readonly SemaphoreSlim arrived = new(0);

    private OtlpReceiver(WebApplication web) => this.web = web;

    public string Address { get; private set; } = "";

    /// <summary>What came: the resource's attribute values, the metric, and its data points by their attribute values.</summary>
    public ConcurrentQueue<(string Resource, string Metric, IReadOnlyDictionary<string, double> Points)> Received { get; } = new();

    public static async Task<OtlpReceiver> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var web = builder.Build();
        web.Urls.Add($"http://{IPAddress.Loopback}:0");
        var receiver = new OtlpReceiver(web);
        web.MapPost("/v1/metrics", receiver.TakeAsync);
        await web.StartAsync(cancellationToken);
        receiver.Address = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return receiver;
    }

    /// <summary>Waits until a metric came.</summary>
    public Task<string> WaitForAsync(string metric, CancellationToken cancellationToken) => WaitForAsync(metric, _ => true, cancellationToken);

    /// <summary>Waits until a metric came with data points that fit.</summary>
    public async Task<string> WaitForAsync(string metric, Func<IReadOnlyDictionary<string, double>, bool> fits, CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = Received.FirstOrDefault(one => one.Metric == metric && fits(one.Points));
            if (found.Metric is not null) return found.Resource;
            await arrived.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await web.StopAsync();
        await web.DisposeAsync();
        arrived.Dispose();
    }

    private async Task TakeAsync(HttpContext context)
    {
        if (context.Request.ContentType != "application/x-protobuf") throw new InvalidOperationException($"OTLP with the content type {context.Request.ContentType}.");
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);

        // ExportMetricsServiceRequest.resource_metrics = 1; ResourceMetrics: resource = 1, scope_metrics = 2; ScopeMetrics.metrics = 2; Metric.name = 1;
        // Resource.attributes = 1; KeyValue.value = 2; AnyValue.string_value = 1.
        foreach (var resourceMetrics in Fields(body.ToArray(), 1))
        {
            var resource = string.Join(' ', Fields(resourceMetrics, 1).SelectMany(one => Fields(one, 1)).SelectMany(pair => Fields(pair, 2)).SelectMany(value => Fields(value, 1)).Select(Encoding.UTF8.GetString));
            foreach (var metric in Fields(resourceMetrics, 2).SelectMany(scope => Fields(scope, 2))) Received.Enqueue((resource, Encoding.UTF8.GetString(Fields(metric, 1).Single()), PointsOf(metric)));
        }

        arrived.Release();
    }

    // Metric: gauge = 5, sum = 7, each with data_points = 1; NumberDataPoint: as_double = 4, as_int = 6, attributes = 7.
    private static Dictionary<string, double> PointsOf(byte[] metric) => Fields(metric, 5).Concat(Fields(metric, 7)).SelectMany(data => Fields(data, 1)).ToDictionary(
        point => string.Join(' ', Fields(point, 7).SelectMany(pair => Fields(pair, 2)).SelectMany(value => Fields(value, 1)).Select(Encoding.UTF8.GetString)),
        point => Fields(point, 4, ofWireType: 1).Select(bytes => BinaryPrimitives.ReadDoubleLittleEndian(bytes)).Concat(Fields(point, 6, ofWireType: 1).Select(bytes => (double)BinaryPrimitives.ReadInt64LittleEndian(bytes))).Single());

    // The fields of a message with a number and a wire type, length-delimited or of 8 bytes; others are passed over.
    private static IEnumerable<byte[]> Fields(byte[] message, int wanted, int ofWireType = 2)
    {
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    Varint(message, ref at);
                    break;
                case 1:
                    if ((int)(tag >> 3) == wanted && ofWireType == 1) yield return message[at..(at + 8)];
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    if ((int)(tag >> 3) == wanted && ofWireType == 2) yield return message[at..(at + length)];
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"A field of wire type {tag & 7}.");
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }
    }
}
