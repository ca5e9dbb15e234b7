using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Admin;

/// <summary>The HTTP face of the operations: one path each. Nothing is decided here.</summary>
internal sealed partial class OperationEndpoints(OperationsLayer layer, ILogger<OperationEndpoints> logger)
{
    /// <summary>How much of a stream is gathered before it goes out, in bytes.</summary>
    private const int UnflushedBytesMax = 32 << 10;

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/" + CommandList.Path, context => WriteAsync(context, writer => JsonSerializer.Serialize(writer, layer.Describe(CallerOf(context)), OperationsJson.Default.CommandList)));
        routes.MapGet("/" + OpenApiDocument.Path, context => WriteAsync(context, writer => OpenApiDocument.Write(writer, layer)));
        foreach (var operation in layer.Operations) routes.MapMethods(PathOf(operation.Description), [operation.Description.Method], context => RunAsync(context, operation));
    }

    /// <summary>Where an operation is found.</summary>
    public static string PathOf(CommandDescription description) => $"/{CommandList.OperationsPath}{description.Palette}/{description.Name.Replace(' ', '/')}".TrimEnd('/');

    private static OperatorIdentity CallerOf(HttpContext context) => context.Features.Get<OperatorIdentity>() ?? throw new InvalidOperationException("Internal error: a request came in unknown.");

    private async Task RunAsync(HttpContext context, Operation operation)
    {
        try
        {
            using var request = await RequestReader.ReadAsync(context.Request, operation.Description, context.RequestAborted).ConfigureAwait(false);
            switch (await layer.RunAsync(operation.FullName, request, CallerOf(context), context.RequestAborted).ConfigureAwait(false))
            {
                case OperationResult.Answered answered:
                    await WriteAsync(context, writer => AnswerWriter.Write(writer, answered.Answer)).ConfigureAwait(false);
                    break;
                case OperationResult.Streaming streaming:
                    await StreamAsync(context, operation, streaming).ConfigureAwait(false);
                    break;
                case OperationResult.Refused refused:
                    await Problem.WriteAsync(context, refused).ConfigureAwait(false);
                    break;
                case var other:
                    throw new InvalidOperationException($"Internal error: unknown result {other.GetType().Name}.");
            }
        }
        catch (JsonException failure)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "invalid", "The request does not fit the operation.", failure.Message).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
#pragma warning disable CA1031 // A fault of one operation is told to its asker and to the log; the listener goes on.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogBroken(operation.FullName, failure.GetType(), failure.StackTrace);

            // A stream that has begun can only be cut off.
            if (context.Response.HasStarted) context.Abort();
            else await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, "internal", "The operation broke.", $"{operation.FullName} broke with {failure.GetType().Name}; the node's log has more (event 4815).").ConfigureAwait(false);
        }
    }

    private static async Task StreamAsync(HttpContext context, Operation operation, OperationResult.Streaming streaming)
    {
        context.Response.ContentType = "application/x-ndjson";
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        var names = AnswerWriter.Encode(operation.Description.Columns);
        var body = context.Response.BodyWriter;
        using var writer = new Utf8JsonWriter(body);
        var rows = streaming.Rows.GetAsyncEnumerator(context.RequestAborted);
        await using (rows.ConfigureAwait(false))
        {
            while (true)
            {
                // What is at hand goes out before it is waited for more, and not each row by itself.
                var next = rows.MoveNextAsync().AsTask();
                if ((!next.IsCompleted && body.UnflushedBytes > 0) || body.UnflushedBytes > UnflushedBytesMax) await FlushAsync(body, next, context.RequestAborted).ConfigureAwait(false);
                if (!await next.ConfigureAwait(false)) break;
                AnswerWriter.WriteRow(writer, names, rows.Current);
                writer.Flush();
                writer.Reset();
                body.Write("\n"u8);
            }
        }

        await body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    // Rows that are being read cannot be disposed of. When their asker has gone they end soon, and are waited for.
    private static async Task FlushAsync(PipeWriter body, Task next, CancellationToken cancellationToken)
    {
        try
        {
            await body.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = "application/json";
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer)) write(writer);
        context.Response.ContentLength = buffer.Length;
        await context.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), context.RequestAborted).ConfigureAwait(false);
    }

    [LoggerMessage(4815, LogLevel.Error, "The operation {Operation} broke with {ExceptionType}.\n{StackTrace}")]
    private partial void LogBroken(string operation, Type exceptionType, string? stackTrace);
}
