using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace PasswordSync.Providers.Http;

/// <summary>An answer, as far as it matters.</summary>
/// <param name="Status">The status code (RFC 9110, 15).</param>
/// <param name="RetryAfter">The pause that the target asked for; null if it asked for none.</param>
/// <param name="ETag">The entity tag as it came, with its quotes; null if there is none.</param>
/// <param name="Body">The beginning of the body; empty if the status was all that arrived and says enough. Not redacted.</param>
internal sealed record HttpAnswer(HttpStatusCode Status, RetryAfter? RetryAfter, string? ETag, byte[] Body)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>The body as text. Not redacted.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The body as a JSON object, which the caller disposes; null if it is none.</summary>
    public JsonDocument? TryParse()
    {
        try
        {
            return JsonDocument.Parse(Body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <param name="response">The answer; stays the caller's.</param>
    /// <param name="bodyLengthMax">How much of the body is read, in bytes.</param>
    /// <param name="isWrite">Whether the request was a write, whose status says all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The body of a success that was asked for broke off.</exception>
    public static async Task<HttpAnswer> ReadAsync(HttpResponseMessage response, int bodyLengthMax, bool isWrite, CancellationToken cancellationToken) => new(
        response.StatusCode,
        Http.RetryAfter.Parse(response.Headers.NonValidated.TryGetValues("Retry-After", out var pause) ? pause.FirstOrDefault() : null),
        response.Headers.ETag?.ToString(),
        await ReadBodyAsync(response, bodyLengthMax, isNeeded: response.IsSuccessStatusCode && !isWrite, cancellationToken));

    private const int FirstRead = 4_096;

    /// <summary>An answer to a write, or one that is no success, has been given even if it breaks off: its status counts. What was asked for is in the body.</summary>
    private static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, int lengthMax, bool isNeeded, CancellationToken cancellationToken)
    {
        // It may hold a password, as Passwordstate's records do: what is read is wiped but for the copy that is given, whatever happens.
        var read = new byte[Math.Min(lengthMax, FirstRead)];
        var length = 0;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            while (length < lengthMax)
            {
                if (length == read.Length) Grow(ref read, Math.Min(lengthMax, 2 * length));
                var count = await stream.ReadAsync(read.AsMemory(length), cancellationToken);
                if (count == 0) break;
                length += count;
            }

            return read[..length];
        }
        catch (Exception e) when (!isNeeded && e is (IOException or HttpRequestException or OperationCanceledException))
        {
            return [];
        }
        finally
        {
            CryptographicOperations.ZeroMemory(read);
        }
    }

    private static void Grow(ref byte[] read, int length)
    {
        var larger = new byte[length];
        read.CopyTo(larger, 0);
        CryptographicOperations.ZeroMemory(read);
        read = larger;
    }

    /// <summary>The status, nothing else: the body may echo a password.</summary>
    public override string ToString() => $"[answer {(int)Status}]";
}
