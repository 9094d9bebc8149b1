using CtSeg.Imaging.Nifti;

namespace CtSeg.Shared.Tests.Imaging.Nifti;

/// <summary>By hand from nifti1.h: world coordinates grow towards the patient's right, front and head.</summary>
public sealed class NiftiOrientationTests
{
    private const short Set = 1;
    private const float Half = 0.70710678f;

    /// <summary>Rows of sform (columns are the axes of the file), where the axes run, and a slice 012/345 as it is looked at.</summary>
    public static TheoryData<float[], string, string> Sforms => new()
    {
        // Front above and right on the left.
        { [1, 0, 0, 0, 1, 0, 0, 0, 1], "RAS", "543/210" },
        { [-1, 0, 0, 0, -1, 0, 0, 0, 1], "LPS", "012/345" },
        { [-0.7f, 0, 0, 0, 0.7f, 0, 0, 0, 5], "LAS", "345/012" },
        { [1, 0, 0, 0, -1, 0, 0, 0, -1], "RPI", "210/543" },
        // The first axis runs through the patient from front to back or from back to front.
        { [0, -1, 0, -1, 0, 0, 0, 0, 1], "PLS", "03/14/25" },
        { [0, 1, 0, -1, 0, 0, 0, 0, 1], "PRS", "30/41/52" },
        { [0, -1, 0, 1, 0, 0, 0, 0, 1], "ALS", "25/14/03" },
        { [0, 1, 0, 1, 0, 0, 0, 0, 1], "ARS", "52/41/30" },
        // A gantry tilted by 30 degrees, 0.7 mm pixels and 5 mm between slices: the third axis goes 2.5 mm to the back, more than the second to the front.
        { [-0.7f, 0, 0, 0, 0.606218f, -2.5f, 0, 0.35f, 4.330127f], "LAS", "345/012" },
        // Turned in the plane by 30 degrees.
        { [-0.866025f, 0.5f, 0, -0.5f, -0.866025f, 0, 0, 0, 1], "LPS", "012/345" },
    };

    [Theory]
    [MemberData(nameof(Sforms))]
    public void Given_Sform_When_Turned_Then_FrontAboveAndRightOnTheLeft(float[] rows, string axes, string seen)
    {
        foreach (var bigEndian in new[] { false, true })
        {
            var file = Sform(NiftiFiles.Of([3, 3, 2, 1, 1, 1, 1, 1], 2, 8, bigEndian), Set, rows);
            var orientation = Read(file).ShouldNotBeNull();
            orientation.ToString().ShouldBe(axes);
            orientation.IsAxial.ShouldBeTrue();
            var (width, height, pixels) = orientation.ToRadiological().Apply<char>(3, 2, "012345");
            string.Join('/', Enumerable.Range(0, height).Select(row => new string(pixels, row * width, width))).ShouldBe(seen);
        }
    }

    [Theory]
    // No rotation; half turns about the third, first and second axis; a quarter about the third; the same with a mirrored third axis.
    [InlineData(0f, 0f, 0f, 1f, "RAS")]
    [InlineData(0f, 0f, 1f, 1f, "LPS")]
    [InlineData(1f, 0f, 0f, 1f, "RPI")]
    [InlineData(0f, 1f, 0f, 1f, "LAI")]
    [InlineData(0f, 0f, Half, 1f, "ALS")]
    [InlineData(0f, 0f, -Half, 1f, "PRS")]
    [InlineData(0f, 0f, 1f, -1f, "LPI")]
    [InlineData(1f, 0f, 0f, -1f, "RPS")]
    // Zero means one, as the standard says; a half turn that rounding made longer than one.
    [InlineData(0f, 0f, 1f, 0f, "LPS")]
    [InlineData(0f, 0f, 1.0001f, 1f, "LPS")]
    // 20 degrees about the first axis: sin 10 degrees.
    [InlineData(0.173648f, 0f, 0f, 1f, "RAS")]
    public void Given_Quaternion_When_Read_Then_TheAxesOfItsRotation(float b, float c, float d, float third, string axes)
    {
        Read(Qform(NiftiFiles.Of([3, 3, 2, 1, 1, 1, 1, 1], 2, 8), b, c, d, third)).ShouldNotBeNull().ToString().ShouldBe(axes);
    }

    [Fact]
    public void Given_BothTransforms_When_Read_Then_SformCountsUnlessItIsNotSetOrNoTransform()
    {
        float[] ras = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        NiftiFiles Lps() => Qform(NiftiFiles.Of([3, 3, 2, 1, 1, 1, 1, 1], 2, 8), 0, 0, 1, 1);
        Read(Sform(Lps(), Set, ras)).ShouldNotBeNull().ToString().ShouldBe("RAS");
        Read(Sform(Lps(), code: 0, ras)).ShouldNotBeNull().ToString().ShouldBe("LPS");
        Read(Sform(Lps(), Set, new float[9])).ShouldNotBeNull().ToString().ShouldBe("LPS");
        Read(Sform(Lps(), Set, [float.NaN, 0, 0, 0, 1, 0, 0, 0, 1])).ShouldNotBeNull().ToString().ShouldBe("LPS");
        Read(Sform(NiftiFiles.Of([3, 3, 2, 1, 1, 1, 1, 1], 2, 8), code: 0, ras)).ShouldBeNull();
        Read(Qform(NiftiFiles.Of([3, 3, 2, 1, 1, 1, 1, 1], 2, 8), float.NaN, 0, 0, 1)).ShouldBeNull();
    }

    [Fact]
    public void Given_SagittalSlices_When_Turned_Then_Refused()
    {
        var orientation = Read(Sform(NiftiFiles.Of([3, 3, 2, 1, 1, 1, 1, 1], 2, 8), Set, [0, 0, 1, 1, 0, 0, 0, 1, 0])).ShouldNotBeNull();
        (orientation.ToString(), orientation.IsAxial).ShouldBe(("ASR", false));
        Should.Throw<InvalidOperationException>(orientation.ToRadiological).Message.ShouldContain("ASR");
    }

    private static NiftiFiles Sform(NiftiFiles file, short code, float[] rows)
    {
        file.Put(254, code);
        for (var i = 0; i < rows.Length; i++)
            file.Put(280 + 16 * (i / 3) + 4 * (i % 3), rows[i]);
        return file;
    }

    private static NiftiFiles Qform(NiftiFiles file, float b, float c, float d, float third)
    {
        file.Put(252, Set);
        (int At, float Value)[] fields = [(76, third), (80, 0.7f), (84, 0.7f), (88, 5), (256, b), (260, c), (264, d)];
        foreach (var (at, value) in fields)
            file.Put(at, value);
        return file;
    }

    private static NiftiOrientation? Read(NiftiFiles file)
    {
        using var volume = NiftiVolume.Open(new MemoryStream(file.With([0], [1], [2], [3], [4], [5])));
        return volume.Header.Orientation;
    }
}
