using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap.Tests.Wire;

/// <summary>Reads a message as far as the client could ever read it.</summary>
internal static class AnyAnswer
{
    /// <returns>How much was found in it, so that reading cannot be optimised away.</returns>
    public static int Read(ReadOnlyMemory<byte> encoded)
    {
        var message = LdapMessage.Parse(encoded);
        var found = message.Controls.Count;
        if (message.Id == 0 && Unsolicited.Failure(message) is not null) found++;
        foreach (var control in message.Controls)
        {
            if (control.Value is { } value) found += ResponseParser.PageCookie(value).Length;
        }

        return found + message.Operation switch
        {
            LdapTags.BindResponse => ResponseParser.Bind(message).Credentials?.Length ?? 0,
            LdapTags.SearchResultEntry => ReadEntry(ResponseParser.Entry(message)),
            LdapTags.SearchResultReference => 1,
            LdapTags.ExtendedResponse => ReadExtended(ResponseParser.Extended(message)),
            _ => ReadResult(ResponseParser.Result(message, message.Operation)),
        };
    }

    private static int ReadEntry(LdapEntry entry)
    {
        var found = entry.Dn.Length;
        foreach (var attribute in entry.Attributes)
        {
            found += attribute.GetStrings().Count;
            found += entry.GetSid(attribute.Name)?.Length ?? 0;
            found += entry.GetGuid(attribute.Name) is null ? 0 : 1;
            found += entry.GetInt64(attribute.Name) is null ? 0 : 1;
        }

        return found;
    }

    private static int ReadExtended(LdapExtendedResult extended)
    {
        // Only the answer to a password modify is a SEQUENCE; that to "who am I" is text.
        const byte sequence = 0x30;
        return extended.Value is { Length: > 0 } value && value.Span[0] == sequence
            ? ResponseParser.GeneratedPassword(value)?.Length ?? 0
            : ReadResult(extended.Result);
    }

    private static int ReadResult(LdapResult result) =>
        (ActiveDirectoryDiagnostics.ErrorCode(result) is null ? 0 : 1) + (ActiveDirectoryDiagnostics.BindReason(result) is null ? 0 : 1);
}
