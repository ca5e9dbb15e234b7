using System.Diagnostics;
using PasswordSync.Core.Operations;

namespace PasswordSync.Operations.Bench;

/// <summary>An operator at the node's admin listener, over HTTPS, as pbm is.</summary>
internal sealed class Operator(HttpClient client) : IDisposable
{
    /// <summary>Asks once; how long until the whole answer was there.</summary>
    public async Task<TimeSpan> AskAsync(string operation, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        using var response = await client.GetAsync(CommandList.OperationsPath + operation, cancellationToken);
        var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(began);
        return response.IsSuccessStatusCode && answer.Length > 0 ? elapsed : throw new InvalidOperationException($"{operation} was answered with {response.StatusCode}.");
    }

    /// <summary>Reads the whole password log; how many lines it had.</summary>
    public async Task<long> ExportAsync(CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync($"{CommandList.OperationsPath}sync/export", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[64 << 10];
        var lines = 0L;
        while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read) lines += buffer.AsSpan(0, read).Count((byte)'\n');
        return lines;
    }

    public void Dispose() => client.Dispose();
}
