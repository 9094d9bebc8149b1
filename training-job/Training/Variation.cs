namespace CtSeg.TrainingJob.Training;

/// <summary>How far the random views of a slice differ from it, see <see cref="Augmentation"/>.</summary>
internal sealed record Variation
{
    /// <summary>Smallest scale, relative to the network's input; null for that at which the slice fills the view.</summary>
    public double? MinZoom { get; init; }

    /// <summary>Largest scale.</summary>
    public double MaxZoom { get; init; } = 1.3;

    /// <summary>Turned by up to this to either side.</summary>
    public double MaxRotationDegrees { get; init; } = 15;

    /// <summary>Contrast is multiplied by 1 plus or minus up to this.</summary>
    public double Contrast { get; init; } = 0.15;

    /// <summary>Grey values, -1 to 1, move by up to this.</summary>
    public double Brightness { get; init; } = 0.1;

    /// <summary>Grey values, 0 to 1, are raised to a power between its inverse and this, drawn evenly on the scale of logarithms; 1 leaves them.</summary>
    public double Gamma { get; init; } = 1;

    /// <summary>Standard deviation of the noise, of grey values from -1 to 1, is drawn from 0 to this.</summary>
    public double Noise { get; init; }

    /// <summary>Standard deviation of the displacements at the knots of a smooth deformation, as a share of the view's side.</summary>
    public double Deformation { get; init; }

    /// <summary>Share of the views that show a <see cref="Simulation.SimulatedConsolidation"/>.</summary>
    public double Consolidations { get; init; }

    /// <summary>Share of the views of slices without one that show a <see cref="Simulation.SimulatedEffusion"/>.</summary>
    public double Effusions { get; init; }

    /// <summary>The same for views whose side is multiplied by a factor, so that they show as much.</summary>
    public Variation Scaled(double factor) => this with { MinZoom = MinZoom * factor, MaxZoom = MaxZoom * factor };

    /// <exception cref="InvalidDataException">A value is out of its range; the message says which.</exception>
    public void Validate()
    {
        TrainingOptions.Require(MinZoom is null or (> 0 and <= 10), $"the smallest zoom is {MinZoom}, not above 0 and at most 10");
        TrainingOptions.Require(MaxZoom is > 0 and <= 10 && MaxZoom >= (MinZoom ?? 0), $"the largest zoom is {MaxZoom}, not from the smallest to 10");
        TrainingOptions.Require(MaxRotationDegrees is >= 0 and <= 180, $"the rotation is {MaxRotationDegrees} degrees, not 0 to 180");
        TrainingOptions.Require(Contrast is >= 0 and < 1, $"the change of contrast is {Contrast}, not from 0 to below 1");
        TrainingOptions.Require(Brightness is >= 0 and <= 2, $"the change of brightness is {Brightness}, not 0 to 2");
        TrainingOptions.Require(Gamma is >= 1 and <= 10, $"gamma is {Gamma}, not 1 to 10");
        TrainingOptions.Require(Noise is >= 0 and <= 2, $"the noise is {Noise}, not 0 to 2");
        TrainingOptions.Require(Deformation is >= 0 and <= 0.5, $"the deformation is {Deformation}, not 0 to 0.5");
        TrainingOptions.Require(Consolidations is >= 0 and <= 1, $"the share of consolidations is {Consolidations}, not 0 to 1");
        TrainingOptions.Require(Effusions is >= 0 and <= 1, $"the share of effusions is {Effusions}, not 0 to 1");
    }
}
