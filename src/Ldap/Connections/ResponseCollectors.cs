using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>Takes the messages that answer one request, on the connection's read loop.</summary>
internal interface IResponseCollector
{
    /// <summary>True if the answer is complete.</summary>
    /// <exception cref="LdapException">
    /// <see cref="LdapErrorKind.BoundExceeded"/> ends this request only; anything else ends the connection.
    /// </exception>
    bool Accept(LdapMessage message);
}

/// <summary>Takes the one message of an answer that has no more.</summary>
internal sealed class SingleResponse<T>(Func<LdapMessage, T> parse) : IResponseCollector
{
    private T? response;

    public T Response => response ?? throw new InvalidOperationException("Internal error: read before the answer was complete.");

    public bool Accept(LdapMessage message)
    {
        response = parse(message);
        return true;
    }
}

/// <summary>Takes the entries, references and the closing answer of a search, within the bounds of the options.</summary>
internal sealed class SearchResponse(LdapOptions options) : IResponseCollector
{
    private readonly List<LdapEntry> entries = [];
    private long bytes;
    private int referenceCount;
    private LdapResult? result;

    public LdapSearchResult Response =>
        new(entries, referenceCount, result ?? throw new InvalidOperationException("Internal error: read before the answer was complete."));

    public bool Accept(LdapMessage message)
    {
        switch (message.Operation)
        {
            case LdapTags.SearchResultEntry:
                Count(message);
                entries.Add(ResponseParser.Entry(message));
                return false;
            case LdapTags.SearchResultReference:
                referenceCount++;
                return false;
            default:
                result = ResponseParser.Result(message, LdapTags.SearchResultDone);
                return true;
        }
    }

    private void Count(LdapMessage message)
    {
        bytes += message.Encoded.Length;
        if (entries.Count >= options.SearchEntriesMax)
        {
            throw new LdapException(
                LdapErrorKind.BoundExceeded,
                $"The search found more than {options.SearchEntriesMax} entries ({nameof(LdapOptions.SearchEntriesMax)}). Narrow it or use a paged search.");
        }

        if (bytes > options.SearchBytesMax)
        {
            throw new LdapException(
                LdapErrorKind.BoundExceeded,
                $"The entries of the search have more than {options.SearchBytesMax} bytes ({nameof(LdapOptions.SearchBytesMax)}). Ask for fewer attributes or use a paged search.");
        }
    }
}
