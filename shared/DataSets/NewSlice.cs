using CtSeg.Contracts;
using CtSeg.Segmentation;

namespace CtSeg.DataSets;

/// <summary>A slice with its truth that is to join the training data.</summary>
public sealed record NewSlice
{
    /// <value>Characters of a name or a group at most.</value>
    public const int MaxNameLength = 1024;

    /// <param name="id">Of a correction, the scan's; of an import, from <see cref="IdOf"/>.</param>
    /// <param name="name">For people; 1 to <see cref="MaxNameLength"/> characters.</param>
    /// <param name="group">Slices that may show the same patient share it; 1 to <see cref="MaxNameLength"/> characters.</param>
    /// <param name="image">The image file as it came: PNG, JPEG or TIFF.</param>
    /// <param name="mask">Of the same field; its size may be another in the same proportion.</param>
    /// <exception cref="ArgumentException">Name or group is blank, too long or holds control characters.</exception>
    public NewSlice(ScanId id, string name, string group, BinaryData image, LesionMask mask, SliceOrigin origin)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentNullException.ThrowIfNull(origin);
        if (!IsName(name))
            throw new ArgumentException($"The name of a slice has 1 to {MaxNameLength} characters and no control characters.", nameof(name));
        if (!IsName(group))
            throw new ArgumentException($"A group has 1 to {MaxNameLength} characters and no control characters.", nameof(group));
        (Id, Name, Group, Image, Mask, Origin) = (id, name, group, image, mask, origin);
    }

    public ScanId Id { get; }
    public string Name { get; }
    public string Group { get; }
    public BinaryData Image { get; }
    public LesionMask Mask { get; }
    public SliceOrigin Origin { get; }

    /// <summary>The id of an imported slice: the same name and picture again are the same slice.</summary>
    public static ScanId IdOf(string name, BinaryData image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return ScanId.FromContent(name, image.ToMemory().Span);
    }

    /// <summary>Whether a text can be a slice's name or group.</summary>
    public static bool IsName(string? text) =>
        !string.IsNullOrWhiteSpace(text) && text.Length <= MaxNameLength && !text.Any(char.IsControl);
}

/// <summary>What became of a slice that was to join the training data.</summary>
public enum SliceChange
{
    /// <summary>It was there, with the same mask and group.</summary>
    Unchanged,
    Added,
    /// <summary>It was there with another mask, group or name.</summary>
    Replaced,
}

/// <summary>A slice as it is in the training data now.</summary>
public sealed record StoredSlice(TrainingSlice Slice, SliceChange Change)
{
    public bool Changed => Change != SliceChange.Unchanged;
}
