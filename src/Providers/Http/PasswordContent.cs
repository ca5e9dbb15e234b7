using System.Net;
using System.Net.Http.Headers;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Http;

/// <summary>A request's content that uses the write permit as the last thing before its first byte is written to an open connection.</summary>
internal sealed class PasswordContent : HttpContent
{
    private readonly PasswordJson body;
    private readonly WritePermit? permit;

    /// <param name="body">Stays the caller's.</param>
    /// <param name="permit">Null for a body without a password.</param>
    /// <param name="mediaType">What the body is.</param>
    public PasswordContent(PasswordJson body, WritePermit? permit, string mediaType = "application/json")
    {
        this.body = body;
        this.permit = permit;
        Headers.ContentType = new MediaTypeHeaderValue(mediaType);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The handler may begin again on a new connection when a kept one turns out to be closed; the permit is for one write only.
        if (permit is { IsUsed: true }) throw new IOException("The connection ended while the request was being sent.");
        if (permit?.Use() is { } refusal) throw new WriteRefusedException(refusal);
        await stream.WriteAsync(body.Bytes, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }
}

/// <summary>Carries a refusal of the write permit out of the HTTP handler.</summary>
internal sealed class WriteRefusedException(DeliveryOutcome outcome) : Exception("The write permit refused.")
{
    public DeliveryOutcome Outcome { get; } = outcome;
}
