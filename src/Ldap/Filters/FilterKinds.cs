using System.Formats.Asn1;
using System.Text;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>And, or.</summary>
internal sealed class SetFilter(int tag, IReadOnlyList<LdapFilter> filters)
    : LdapFilter(1 + filters.Select(filter => filter.Depth).DefaultIfEmpty(0).Max())
{
    public const int AndTag = 0;
    public const int OrTag = 1;

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSetOf(LdapTags.ContextConstructed(tag)))
        {
            foreach (var filter in filters) filter.Write(writer);
        }
    }

    internal override void Append(StringBuilder text)
    {
        text.Append('(').Append(tag == AndTag ? '&' : '|');
        foreach (var filter in filters) filter.Append(text);
        text.Append(')');
    }
}

/// <summary>Not.</summary>
internal sealed class NotFilter(LdapFilter filter) : LdapFilter(1 + filter.Depth)
{
    private const int Tag = 2;

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.ContextConstructed(Tag))) filter.Write(writer);
    }

    internal override void Append(StringBuilder text)
    {
        text.Append("(!");
        filter.Append(text);
        text.Append(')');
    }
}

/// <summary>Equal, greater or equal, less or equal, approximate.</summary>
internal sealed class AssertionFilter(int tag, string attribute, ReadOnlyMemory<byte> value) : LdapFilter(1)
{
    public const int EqualTag = 3;
    public const int GreaterOrEqualTag = 5;
    public const int LessOrEqualTag = 6;
    public const int ApproximateTag = 8;

    private readonly string attribute = FilterParser.VerifyDescription(attribute);

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.ContextConstructed(tag)))
        {
            writer.WriteText(attribute);
            writer.WriteOctetString(value.Span);
        }
    }

    internal override void Append(StringBuilder text)
    {
        var sign = tag switch { GreaterOrEqualTag => ">=", LessOrEqualTag => "<=", ApproximateTag => "~=", _ => "=" };
        text.Append('(').Append(attribute).Append(sign).Append(FilterText.Escape(value.Span)).Append(')');
    }
}

/// <summary>Present.</summary>
internal sealed class PresentFilter(string attribute) : LdapFilter(1)
{
    private const int Tag = 7;

    private readonly string attribute = FilterParser.VerifyDescription(attribute);

    internal override void Write(AsnWriter writer) => writer.WriteText(attribute, LdapTags.Context(Tag));

    internal override void Append(StringBuilder text) => text.Append('(').Append(attribute).Append("=*)");
}

/// <summary>Begins, holds, ends.</summary>
internal sealed class SubstringFilter : LdapFilter
{
    private const int Tag = 4;
    private const int InitialTag = 0;
    private const int AnyTag = 1;
    private const int FinalTag = 2;

    private readonly string attribute;
    private readonly ReadOnlyMemory<byte>? initial;
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> any;
    private readonly ReadOnlyMemory<byte>? final;

    public SubstringFilter(string attribute, ReadOnlyMemory<byte>? initial, IReadOnlyList<ReadOnlyMemory<byte>> any, ReadOnlyMemory<byte>? final)
        : base(1)
    {
        if (initial is null && final is null && any.Count == 0) throw new ArgumentException("A substring filter needs at least one part.");
        if (initial is { IsEmpty: true } || final is { IsEmpty: true } || any.Any(part => part.IsEmpty))
            throw new ArgumentException("A part of a substring filter is not empty.");
        this.attribute = FilterParser.VerifyDescription(attribute);
        this.initial = initial;
        this.any = any;
        this.final = final;
    }

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.ContextConstructed(Tag)))
        {
            writer.WriteText(attribute);
            using (writer.PushSequence())
            {
                if (initial is { } first) writer.WriteOctetString(first.Span, LdapTags.Context(InitialTag));
                foreach (var part in any) writer.WriteOctetString(part.Span, LdapTags.Context(AnyTag));
                if (final is { } last) writer.WriteOctetString(last.Span, LdapTags.Context(FinalTag));
            }
        }
    }

    internal override void Append(StringBuilder text)
    {
        text.Append('(').Append(attribute).Append('=');
        if (initial is { } first) text.Append(FilterText.Escape(first.Span));
        text.Append('*');
        foreach (var part in any) text.Append(FilterText.Escape(part.Span)).Append('*');
        if (final is { } last) text.Append(FilterText.Escape(last.Span));
        text.Append(')');
    }
}

/// <summary>By a named matching rule.</summary>
internal sealed class ExtensibleFilter : LdapFilter
{
    private const int Tag = 9;
    private const int RuleTag = 1;
    private const int AttributeTag = 2;
    private const int ValueTag = 3;
    private const int DnAttributesTag = 4;

    private readonly string? attribute;
    private readonly string? rule;
    private readonly ReadOnlyMemory<byte> value;
    private readonly bool dnAttributes;

    public ExtensibleFilter(string? attribute, string? rule, ReadOnlyMemory<byte> value, bool dnAttributes)
        : base(1)
    {
        if (attribute is null && rule is null) throw new ArgumentException("An extensible filter needs an attribute or a rule.");
        this.attribute = attribute is null ? null : FilterParser.VerifyDescription(attribute);
        this.rule = rule is null ? null : FilterParser.VerifyDescription(rule);
        this.value = value;
        this.dnAttributes = dnAttributes;
    }

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.ContextConstructed(Tag)))
        {
            if (rule is not null) writer.WriteText(rule, LdapTags.Context(RuleTag));
            if (attribute is not null) writer.WriteText(attribute, LdapTags.Context(AttributeTag));
            writer.WriteOctetString(value.Span, LdapTags.Context(ValueTag));
            if (dnAttributes) writer.WriteBoolean(true, LdapTags.Context(DnAttributesTag));
        }
    }

    internal override void Append(StringBuilder text)
    {
        text.Append('(').Append(attribute);
        if (dnAttributes) text.Append(":dn");
        if (rule is not null) text.Append(':').Append(rule);
        text.Append(":=").Append(FilterText.Escape(value.Span)).Append(')');
    }
}
