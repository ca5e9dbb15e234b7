using System.Reflection;

namespace PasswordSync.Nodes.Tests.Support;

/// <summary>All objects that can be reached from one, through every field, private ones too.</summary>
internal static class ObjectGraph
{
    private const int ObjectsMax = 3_000_000;

    /// <param name="root">Where to begin.</param>
    /// <param name="passOver">What is not looked into.</param>
    /// <returns>Each object, and the types on the way to it.</returns>
    public static IEnumerable<(object Found, Func<string> Way)> From(object root, Func<object, bool> passOver)
    {
        var seen = new Dictionary<object, object?>(ReferenceEqualityComparer.Instance) { [root] = null };
        var open = new Queue<object>([root]);
        var fieldsOf = new Dictionary<Type, FieldInfo[]>();
        while (open.TryDequeue(out var next))
        {
            if (passOver(next)) continue;
            if (seen.Count > ObjectsMax) throw new InvalidOperationException($"More than {ObjectsMax} objects can be reached.");
            yield return (next, () => WayTo(next, seen));
            foreach (var value in ValuesIn(next, fieldsOf))
            {
                if (seen.TryAdd(value, next)) open.Enqueue(value);
            }
        }
    }

    private static string WayTo(object found, Dictionary<object, object?> seen)
    {
        var way = new Stack<string>();
        for (object? at = found; at is not null; at = seen[at]) way.Push($"{at.GetType()}");
        return string.Join(Environment.NewLine + "  ", way);
    }

    private static IEnumerable<object> ValuesIn(object holder, Dictionary<Type, FieldInfo[]> fieldsOf)
    {
        if (holder is string or MemberInfo or Assembly or Module or Thread) return [];
        if (holder is Array array) return ElementsOf(array, fieldsOf).Where(IsOfInterest);
        return FieldsOf(holder, fieldsOf).Select(field => field.GetValue(holder)).OfType<object>().Where(IsOfInterest);
    }

    // Places that refer to nothing are passed over; there are hundreds of thousands of them: what metrics are counted in is made for thousands of series at once.
    private static IEnumerable<object> ElementsOf(Array array, Dictionary<Type, FieldInfo[]> fieldsOf)
    {
        var type = array.GetType().GetElementType()!;
        if (type.IsPrimitive) return [];
        var elements = array.Cast<object?>().OfType<object>();
        return type.IsValueType ? elements.Where(element => Refers(element, fieldsOf)) : elements;
    }

    private static bool Refers(object structure, Dictionary<Type, FieldInfo[]> fieldsOf) => FieldsOf(structure, fieldsOf).Any(
        field => !field.FieldType.IsPrimitive && field.GetValue(structure) is { } value && (!field.FieldType.IsValueType || (IsOfInterest(value) && Refers(value, fieldsOf))));

    private static FieldInfo[] FieldsOf(object holder, Dictionary<Type, FieldInfo[]> fieldsOf) =>
        fieldsOf.TryGetValue(holder.GetType(), out var fields) ? fields : fieldsOf[holder.GetType()] = [.. FieldsOf(holder.GetType())];

    private static IEnumerable<FieldInfo> FieldsOf(Type? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (!field.FieldType.IsPointer && !field.FieldType.IsByRefLike && !field.FieldType.IsFunctionPointer) yield return field;
            }
        }
    }

    private static bool IsOfInterest(object value) => value is not (Pointer or Enum) && !value.GetType().IsPrimitive;
}
