using System.Formats.Asn1;
using System.Text;

namespace PasswordSync.Ldap.Tests.Support;

/// <summary>A request as the server sees it.</summary>
internal sealed record Request(int Id, int Operation, ReadOnlyMemory<byte> Content, ReadOnlyMemory<byte> Whole)
{
    /// <summary>The first string in it: the base of a search, the name of a bind or a modify.</summary>
    public string FirstText()
    {
        var reader = new AsnReader(Content, AsnEncodingRules.BER).ReadSequence(new Asn1Tag(TagClass.Application, Operation, isConstructed: true));
        if (reader.PeekTag().HasSameClassAndValue(Asn1Tag.Integer)) reader.ReadInteger();
        return Encoding.UTF8.GetString(reader.ReadOctetString());
    }
}

/// <summary>The server's side of one connection.</summary>
internal sealed class Conversation(Stream stream, int number, CancellationToken stopping)
{
    public const int Bind = 0;
    public const int Unbind = 2;
    public const int Search = 3;
    public const int Abandon = 16;
    public const int Extended = 23;

    public Stream Stream => stream;

    /// <summary>1 for the first connection that the server accepted.</summary>
    public int Number => number;

    public CancellationToken Stopping => stopping;

    /// <summary>The next request; null if the client closed.</summary>
    public async Task<Request?> TryReadAsync()
    {
        var header = new byte[2];
        if (await stream.ReadAtLeastAsync(header, 2, throwOnEndOfStream: false, stopping) < 2) return null;
        var lengthBytes = header[1] < 0x80 ? 0 : header[1] & 0x7F;
        var extra = new byte[lengthBytes];
        await stream.ReadExactlyAsync(extra, stopping);
        var length = lengthBytes == 0 ? header[1] : extra.Aggregate(0, (sum, part) => (sum << 8) | part);
        var whole = new byte[2 + lengthBytes + length];
        header.CopyTo(whole, 0);
        extra.CopyTo(whole, 2);
        await stream.ReadExactlyAsync(whole.AsMemory(2 + lengthBytes), stopping);
        var message = new AsnReader(whole, AsnEncodingRules.BER).ReadSequence();
        message.TryReadInt32(out var id);
        var tag = message.PeekTag();
        return new Request(id, tag.TagValue, message.ReadEncodedValue(), whole);
    }

    public async Task<Request> ReadAsync() => await TryReadAsync() ?? throw new EndOfStreamException("The client closed where a request was due.");

    public async Task SendAsync(params byte[][] messages)
    {
        foreach (var message in messages) await stream.WriteAsync(message, stopping);
        await stream.FlushAsync(stopping);
    }

    /// <summary>Reads and answers nothing until the client goes or the test is over.</summary>
    public async Task StaySilentAsync()
    {
        while (await TryReadAsync() is not null)
        {
            // Silent.
        }
    }

    /// <summary>Does not even read, until the test is over.</summary>
    public Task FreezeAsync() => Task.Delay(Timeout.Infinite, stopping);

    /// <summary>Answers binds with success and searches with one entry of the base's name, until the client goes.</summary>
    public async Task BehaveAsync()
    {
        while (await TryReadAsync() is { } request)
        {
            if (request.Operation == Bind) await SendAsync(Answers.Bind(request.Id, LdapResultCode.Success));
            if (request.Operation == Search) await SendAsync(Answers.Entry(request.Id, request.FirstText()), Answers.SearchDone(request.Id));
        }
    }
}
